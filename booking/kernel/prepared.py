"""Statements of the hottest paths, prepared once and run on a cursor of the driver.

SQLAlchemy takes 60 to 90 microseconds around a statement that SQLite answers in five, and creating a reservation runs
ten of them. What it would do each time (choose the SQL, order and convert the parameters, convert the results) is
done once per statement here. Connections on which somebody listens to statements, and other drivers, take the usual
way with the same statement.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import BindParameter, Connection, Engine, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]

DRIVERS = ("pysqlite", "psycopg")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The SQL, its parameters, and the row type with its conversions.

    parameters: name in the SQL, key, fixed value and conversion of each, in order.
    """

    sql: str
    is_positional: bool
    parameters: tuple[tuple[str, str, Any, Convert | None], ...]
    row: Callable[..., Any] | None
    conversions: tuple[tuple[int, Convert], ...]


class PreparedStatement:
    """A statement whose parameters are all named, without lists of them and without defaults that Python computes."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._by_key: dict[tuple[str, ...], _Prepared] = {}

    def of(self, session: Session, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """Return the rows in the transaction of a session, whose changes so far count."""
        session.flush()
        return self.all(session.connection(), parameters or {})

    def all(self, connection: Connection, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Return the rows, with the columns as attributes."""
        if not _is_plain(connection):
            return connection.execute(self._statement, parameters).all()
        prepared = self._prepared(connection, parameters)
        return _rows(prepared, self._run(connection, prepared, parameters).fetchall())

    def one_or_none(self, connection: Connection, parameters: Mapping[str, Any]) -> Any:
        """Return the only row; None for none."""
        if not _is_plain(connection):
            return connection.execute(self._statement, parameters).one_or_none()
        prepared = self._prepared(connection, parameters)
        return _only(_rows(prepared, self._run(connection, prepared, parameters).fetchmany(2)))

    def one_alone(self, session: Session, parameters: Mapping[str, Any]) -> Any:
        """Return what one_or_none() does, where a session has read nothing yet and reads nothing else with it.

        SQLite then needs no transaction for it, which costs ten times as much as the statement.
        """
        engine = session.get_bind()
        is_simple = isinstance(engine, Engine) and engine.dialect.name == "sqlite" and _is_plain(engine)
        if not is_simple or session.in_transaction():
            return self.one_or_none(session.connection(), parameters)
        assert isinstance(engine, Engine)
        prepared = self._prepared(engine, parameters)
        pooled = engine.raw_connection()
        try:
            values = _values(prepared, parameters)
            driver: Any = pooled.driver_connection
            return _only(_rows(prepared, driver.execute(prepared.sql, values).fetchmany(2)))
        except engine.dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                prepared.sql, None, error, engine.dialect.loaded_dbapi.Error, dialect=engine.dialect
            ) from error
        finally:
            pooled.close()

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> int | None:
        """Execute a change; return the id of the row that was inserted, if one was."""
        if not _is_plain(connection):
            result = connection.execute(self._statement, parameters)
            key = result.inserted_primary_key if result.context.isinsert else None
            return key[0] if key else None
        cursor = self._run(connection, self._prepared(connection, parameters), parameters)
        if connection.dialect.name == "sqlite":
            return int(cursor.lastrowid or 0)
        row = cursor.fetchone() if cursor.description else None  # RETURNING the id
        return None if row is None else int(row[0])

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute a change for one or more rows, which have the same keys; the database gets them together."""
        if not _is_plain(connection):
            connection.execute(self._statement, rows)
            return
        prepared = self._prepared(connection, rows[0])
        many = _values_of_rows(prepared, rows)
        _begin(connection)
        driver: Any = connection.connection.driver_connection
        try:
            driver.cursor().executemany(prepared.sql, many)
        except connection.dialect.loaded_dbapi.Error as error:
            _raise(connection, error, prepared.sql, many)

    def _prepared(self, connection: Connection | Engine, parameters: Mapping[str, Any]) -> _Prepared:
        key = connection.dialect.name, *parameters
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = _prepare(self._statement, connection.dialect, tuple(parameters))
        return found

    @staticmethod
    def _run(connection: Connection, prepared: _Prepared, parameters: Mapping[str, Any]) -> Any:
        """Execute and return the cursor."""
        values = _values(prepared, parameters)
        _begin(connection)
        driver: Any = connection.connection.driver_connection
        try:
            return driver.execute(prepared.sql, values)
        except connection.dialect.loaded_dbapi.Error as error:
            _raise(connection, error, prepared.sql, values)


def _values(prepared: _Prepared, parameters: Mapping[str, Any]) -> Any:
    """Return the parameters of one execution, as the driver wants them."""
    given = parameters.get
    if prepared.is_positional:
        return [
            given(key, fixed) if convert is None else convert(given(key, fixed))
            for _name, key, fixed, convert in prepared.parameters
        ]
    return {
        name: given(key, fixed) if convert is None else convert(given(key, fixed))
        for name, key, fixed, convert in prepared.parameters
    }


def _values_of_rows(prepared: _Prepared, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the parameters of each row, converted column by column: what is one object in all rows only once."""
    known = rows[0].keys()
    columns = [
        _converted([row[key] for row in rows] if key in known else [fixed] * len(rows), convert)
        for _name, key, fixed, convert in prepared.parameters
    ]
    in_rows = zip(*columns, strict=True)
    if prepared.is_positional:
        return list(in_rows)
    names = [name for name, *_more in prepared.parameters]
    return [dict(zip(names, values, strict=True)) for values in in_rows]


def _converted(column: list[Any], convert: Convert | None) -> list[Any]:
    if convert is None:
        return column
    first = column[0]
    if all(value is first for value in column):
        return [convert(first)] * len(column)
    return [convert(value) for value in column]


def _begin(connection: Connection) -> None:
    if not connection.in_transaction():
        connection.begin()  # as SQLAlchemy does before a first statement


def _raise(connection: Connection, error: BaseException, sql: str, values: Any) -> NoReturn:
    """Raise the error of SQLAlchemy: a lost connection is invalidated, and who listens for errors hears of it."""
    handler: Any = connection
    handler._handle_dbapi_exception(error, sql, values, None, None)
    raise error  # never reached


def _is_plain(connection: Connection | Engine) -> bool:
    return connection.dialect.driver in DRIVERS and not connection.dispatch.before_cursor_execute


def _prepare(statement: Executable, dialect: Dialect, keys: tuple[str, ...]) -> _Prepared:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(keys))  # type: ignore[attr-defined]
    defaults = {column.key: column.default for column in (*compiled.insert_prefetch, *compiled.update_prefetch)}
    if compiled.post_compile_params or any(not one.is_scalar for one in defaults.values()):
        raise TypeError(f"this statement cannot be prepared: {compiled.string}")
    names = {name: bind for bind, name in compiled.bind_names.items()}
    missing = {bind.key for bind in names.values() if bind.required} - set(keys) - set(defaults)
    if missing:
        raise TypeError(f"parameters without a value: {sorted(missing)}")
    parameters = tuple(
        (name, bind.key, defaults[bind.key].arg if bind.key in defaults else bind.value, _bind_processor(bind, dialect))
        for name, bind in ((name, names[name]) for name in compiled.positiontup or names)
    )
    is_change = compiled.isinsert or compiled.isupdate
    has_rows = not is_change or (compiled.effective_returning and not compiled.implicit_returning)
    columns = [(one.keyname, one.type) for one in compiled._result_columns] if has_rows else []
    row: Any = namedtuple("Row", [name for name, _type in columns], rename=True) if columns else None
    conversions = tuple(
        (at, convert) for at, (_name, kind) in enumerate(columns) if (convert := _result_processor(kind, dialect))
    )
    return _Prepared(compiled.string, compiled.positional, parameters, row._make if columns else None, conversions)


def _bind_processor(bind: BindParameter[Any], dialect: Dialect) -> Convert | None:
    return bind.type.dialect_impl(dialect).bind_processor(dialect)


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _only(rows: Sequence[Any]) -> Any:
    if len(rows) > 1:
        raise AssertionError("more than one row where one was expected")
    return rows[0] if rows else None


def _rows(prepared: _Prepared, found: Sequence[Sequence[Any]]) -> list[Any]:
    assert prepared.row is not None
    if not prepared.conversions:
        return [prepared.row(values) for values in found]
    rows = []
    for values in found:
        converted = list(values)
        for at, convert in prepared.conversions:
            converted[at] = convert(converted[at])
        rows.append(prepared.row(converted))
    return rows
