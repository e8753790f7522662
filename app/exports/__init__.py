"""Files for people: tables as CSV and XLSX, used by pages, API and commands alike."""
