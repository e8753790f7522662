"""Tables of billing as CSV and XLSX files; equal content gives equal bytes."""
