"""Tables from other programs: read, tried row by row, shown, then stored all or not at all."""

from app.imports.report import Report, RowOutcome
from app.imports.running import KINDS, import_table, read, try_table
from app.imports.tables import Table, TableError

__all__ = ["KINDS", "Report", "RowOutcome", "Table", "TableError", "import_table", "read", "try_table"]
