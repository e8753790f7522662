"""Files for the treasurer: tables of the money as CSV and XLSX, the same bytes whenever the facts are the same."""
