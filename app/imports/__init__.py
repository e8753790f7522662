"""Import of tables from other programs: previewed, then stored completely or not at all."""

from app.imports.errors import TableError
from app.imports.report import Report, RowOutcome
from app.imports.table_import import KINDS, import_table, preview_table, read
from app.imports.tables import Table

__all__ = ["KINDS", "Report", "RowOutcome", "Table", "TableError", "import_table", "preview_table", "read"]
