"""HTTP itself: security headers, URL converters, locales, redirects, paging, error statuses."""
