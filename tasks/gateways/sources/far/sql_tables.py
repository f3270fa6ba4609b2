"""Tables of a SQL database, brought as one Parquet file a table out of one snapshot."""

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from schemas.submission import APPLICATIONS, TABLES, Table
from tasks.gateways.sources.cells.column_map import ColumnMap
from tasks.gateways.sources.cells.text import cell_text
from tasks.gateways.sources.contents import QuarantinedFile, UnreadableError
from tasks.gateways.sources.far.addresses import Address, Allowance, SourceError
from tasks.gateways.sources.far.landing import Landed, Landing
from tasks.gateways.sources.formats import limits
from tasks.gateways.wire.retry import AttemptFailed

_BATCH: Final = 10_000
_CHUNK: Final = 1024 * 1024


class SqlTables:
    """Brings the tables a column map names, or those named as the contract's."""

    def __init__(self, where: Address, column_map: ColumnMap, allowance: Allowance) -> None:
        self._where, self._map, self._allowance = where, column_map, allowance
        self._url = _url(where)

    def land(self, landing: Landing) -> list[QuarantinedFile]:
        """A copy of every table; returns those with cells that are no plain values."""
        arguments = _arguments(self._url, self._allowance)
        try:
            engine = sa.create_engine(self._url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
        except ImportError as absent:
            raise SourceError(f"{self._where.public_name} needs its driver: {absent}; install it") from absent
        try:
            return self._allowance.attempts().of(lambda: self._attempt(engine, landing))
        except AttemptFailed as lost:
            raise SourceError(f"{self._where.public_name} cannot be read: {lost}") from lost

    def _attempt(self, engine: sa.Engine, landing: Landing) -> list[QuarantinedFile]:
        self._allowance.check()
        try:
            with engine.connect() as connection:
                return self._copy_all(connection, landing)
        except SQLAlchemyError as failed:
            message = str(getattr(failed, "orig", None) or failed)
            raise AttemptFailed(message, retryable=_may_pass(failed)) from failed

    def _copy_all(self, connection: sa.Connection, landing: Landing) -> list[QuarantinedFile]:
        connection = _snapshot(connection)
        tables, missing = self._find_tables(sa.inspect(connection)), []
        draft = landing.restart()
        for named, origin in tables.items():
            table = TABLES[named]
            file = draft.folder / "table"
            refused = self._copy(connection, table, origin, file)
            if refused:
                missing.append(refused)
            else:
                draft.put(Landed(f"{table.name}.parquet"), _pieces(file))
            file.unlink(missing_ok=True)
        landing.settle()
        return missing

    def _find_tables(self, inspector: sa.Inspector) -> dict[str, tuple[str | None, str]]:
        """The source's table for each of ours, as schema and name."""
        schemas = {name.rpartition(".")[0] or None for mapped in self._map.tables.values() for name in mapped.origins}
        present = [schema for schema in schemas if schema is None or schema in inspector.get_schema_names()]
        tables: dict[str, tuple[str | None, str]] = {}
        for schema in sorted({None, *present}, key=str):
            for name in sorted([*inspector.get_table_names(schema), *inspector.get_view_names(schema)]):
                table = self._map.names.table_named(f"{schema}.{name}" if schema else name)
                if table is None:
                    continue
                if table.name in tables:
                    raise SourceError(
                        f"{self._where.public_name}: the tables {tables[table.name][1]} and {name} both are {table.name}; "
                        f"let [tables.{table.name}] of the column map name one of them in `from`"
                    )
                tables[table.name] = (schema, name)
        if APPLICATIONS.name not in tables:
            raise SourceError(
                f"{self._where.public_name} has no table named {APPLICATIONS.name} or {APPLICATIONS.title}: "
                "let [tables.applications] of the column map (FILING_COLUMN_MAP) name it in `from`"
            )
        return tables

    def _copy(
        self, connection: sa.Connection, table: Table, origin: tuple[str | None, str], file: Path
    ) -> QuarantinedFile | None:
        """Copy one table into a file; a table with a cell that is no plain value is returned to be reported instead."""
        schema, name = origin
        inspector = sa.inspect(connection)
        columns = {str(column["name"]): column["type"] for column in inspector.get_columns(name, schema)}
        chosen = [column for column in columns if self._map.names.column_named(table.name, column)]
        if not chosen:
            raise SourceError(
                f"{self._where.public_name}: the table {name} has no column that {table.name} has; "
                f"say in [tables.{table.name}.columns] of the column map what they are called"
            )
        key = inspector.get_pk_constraint(name, schema)["constrained_columns"]
        order = self._order(table, name, columns, key, chosen)
        source = sa.table(name, *map(sa.column, columns), schema=schema)
        rows = sa.select(*(source.c[column] for column in chosen)).order_by(*(source.c[column] for column in order))
        result = connection.execution_options(yield_per=_BATCH).execute(rows)
        wrong = self._write(file, name, result, chosen, columns)
        if wrong is None:
            return None
        return QuarantinedFile(f"{table.name}.parquet", f"数据表“{name}”：{wrong}，请改为文本后再取")

    def _write(
        self, file: Path, name: str, result: sa.CursorResult[Any], chosen: list[str], columns: dict[str, Any]
    ) -> UnreadableError | TypeError | None:
        """Write the rows as Parquet, batch by batch; `chosen`: the columns they have, the others stay blank.

        Stops at too many rows or at a cell that is no plain value, and returns the error.
        """
        schema = pa.schema([pa.field(column, pa.string()) for column in columns])
        count, truths = 0, [isinstance(columns[column], sa.Boolean) for column in chosen]
        with pq.ParquetWriter(file, schema) as writer:
            for batch in result.partitions(_BATCH):
                self._allowance.check()
                count += len(batch)
                try:
                    limits.check_rows(name, count)
                    texts = [
                        [_text(cell, truth) for cell in row]
                        for row, truth in zip(zip(*batch, strict=True), truths, strict=True)
                    ]
                except (UnreadableError, TypeError) as wrong:
                    return wrong
                arrays = dict(zip(chosen, texts, strict=True))
                blank = [None] * len(batch)
                writer.write_table(pa.table({column: arrays.get(column, blank) for column in columns}, schema))
        return None

    def _order(
        self, table: Table, name: str, columns: dict[str, Any], key: list[str], chosen: list[str]
    ) -> tuple[str, ...] | list[str]:
        """The columns that put rows in order: those of the map, the primary key, or all there are."""
        mapped = self._map.tables.get(table.name)
        ordering = [column for column in (mapped.order_by if mapped else ()) if column in columns]
        if mapped and mapped.order_by and not ordering:
            raise SourceError(
                f"{self._where.public_name}: the table {name} has no column {', '.join(mapped.order_by)}; "
                f"mend order_by in [tables.{table.name}] of the column map"
            )
        return ordering or key or chosen


def _url(where: Address) -> sa.URL:
    try:
        url = sa.make_url(where.bare)
        if url.get_backend_name() != "sqlite":
            url = url.set(username=where.username or None, password=where.password or None)
        if url.drivername in {"postgresql", "postgres"}:
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except NoSuchModuleError as strange:
        raise SourceError(
            f"FILING_SOURCE begins with {where.scheme}://, which is not known: write a folder, or an address with http(s), "
            "sftp, s3, webdav(s), sqlite or postgresql+psycopg"
        ) from strange
    except (ArgumentError, ValueError) as wrong:
        raise SourceError("FILING_SOURCE is no address of a database: write dialect+driver://host/name") from wrong
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise SourceError(f"there is no SQLite file '{url.database}': mend FILING_SOURCE")
    return url


def _arguments(url: sa.URL, allowance: Allowance) -> dict[str, Any]:
    seconds = max(1, int(allowance.bounds.answer_seconds))
    if url.get_backend_name() == "postgresql":
        most = int(allowance.bounds.piece_seconds * 1000)
        return {"connect_timeout": seconds, "options": f"-c statement_timeout={most}"}
    return {"timeout": seconds} if url.get_backend_name() == "sqlite" else {}


def _snapshot(connection: sa.Connection) -> sa.Connection:
    """All tables as they were at one moment, and nothing written."""
    if connection.dialect.name == "sqlite":
        sqlite: Any = connection.connection.driver_connection
        # SQLite keeps whatever bytes it is given as text: one such cell is one bad cell, and no end of the pull
        sqlite.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
        return connection
    options = {"postgresql_readonly": True} if connection.dialect.name == "postgresql" else {}
    driver = connection.connection.dbapi_connection
    assert driver is not None
    levels = connection.dialect.get_isolation_level_values(driver)
    level = next(name for name in ("REPEATABLE READ", "SERIALIZABLE", levels[0]) if name in levels)
    return connection.execution_options(isolation_level=level, **options)


def _may_pass(failed: SQLAlchemyError) -> bool:
    return isinstance(failed, sa.exc.OperationalError) or getattr(failed, "connection_invalidated", False)


def _text(cell: object, truth: bool) -> str | None:
    """A cell as text, to the digit and the second it has in the database."""
    if truth and cell in (0, 1):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, (UUID, Enum)):
        return str(cell.value if isinstance(cell, Enum) else cell)
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat())
    return cell_text(cell)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            yield piece
