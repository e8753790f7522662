"""Dividing costs: the preview, what was divided, its explanation and picture, and advances."""
