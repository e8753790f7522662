"""The base forms, field types and images that every page's forms are made of."""
