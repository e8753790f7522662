"""The tables of billing."""

from billing.models.advance import Advance, AdvanceLine, AllocationAdvance, AllocationCharge
from billing.models.allocation import (
    Allocation,
    AllocationCost,
    AllocationCostGroup,
    AllocationCount,
    AllocationLine,
    AllocationSlip,
    Cost,
    Pool,
    Share,
)
from billing.models.document import (
    Document,
    DocumentFile,
    DocumentLine,
    DocumentNumber,
    DocumentSending,
    DocumentTerms,
    DocumentVat,
    FailedFile,
    StatementSending,
    UninvoicedLine,
    VatText,
)
from billing.models.document_run import DocumentRun, DocumentRunMember
from billing.models.equity import EquityMove, EquityStatement
from billing.models.export import DatevTerms, ExportedEntry, PostingExport, PostingExportFile
from billing.models.fee import DepositTerms, Fee, FeeTerms, Missed
from billing.models.ledger import (
    AccountDay,
    AccountMonth,
    Balance,
    Entry,
    Ledger,
    LedgerAccount,
    MemberMonth,
    Posting,
)
from billing.models.machine_cost import MachineCost
from billing.models.material import Material, StockMove
from billing.models.party import Party, VatRate, VatRegime
from billing.models.period import AccountingPeriod
from billing.models.pool_key import (
    AllocationAmount,
    Meter,
    MeteredAllocation,
    MeterReading,
    MeterReadingEntry,
    PoolKey,
    PoolKeyPercent,
    PoolKeyTerms,
)
from billing.models.pool_scope import PoolScope, PoolScopeMachine
from billing.models.recurring import Budget, RecurringCost, RecurringPeriod
from billing.models.statement import IssuedStatement
from billing.models.tariff import Charge, ChargeTotal, Tariff, TariffPrice, Unpriced
from billing.models.tariff_part import TariffAdjustment, TariffLine, TariffTier

__all__ = [
    "AccountDay",
    "AccountMonth",
    "AccountingPeriod",
    "Advance",
    "AdvanceLine",
    "Allocation",
    "AllocationAdvance",
    "AllocationAmount",
    "AllocationCharge",
    "AllocationCost",
    "AllocationCostGroup",
    "AllocationCount",
    "AllocationLine",
    "AllocationSlip",
    "Balance",
    "Budget",
    "Charge",
    "ChargeTotal",
    "Cost",
    "DatevTerms",
    "DepositTerms",
    "Document",
    "DocumentFile",
    "DocumentLine",
    "DocumentNumber",
    "DocumentRun",
    "DocumentRunMember",
    "DocumentSending",
    "DocumentTerms",
    "DocumentVat",
    "Entry",
    "EquityMove",
    "EquityStatement",
    "ExportedEntry",
    "FailedFile",
    "Fee",
    "FeeTerms",
    "IssuedStatement",
    "Ledger",
    "LedgerAccount",
    "MachineCost",
    "Material",
    "MemberMonth",
    "Meter",
    "MeterReading",
    "MeterReadingEntry",
    "MeteredAllocation",
    "Missed",
    "Party",
    "Pool",
    "PoolKey",
    "PoolKeyPercent",
    "PoolKeyTerms",
    "PoolScope",
    "PoolScopeMachine",
    "Posting",
    "PostingExport",
    "PostingExportFile",
    "RecurringCost",
    "RecurringPeriod",
    "Share",
    "StatementSending",
    "StockMove",
    "Tariff",
    "TariffAdjustment",
    "TariffLine",
    "TariffPrice",
    "TariffTier",
    "UninvoicedLine",
    "Unpriced",
    "VatRate",
    "VatRegime",
    "VatText",
]
