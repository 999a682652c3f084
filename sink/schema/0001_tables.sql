-- The tables that the workers write. Analysts read the views of 0002.
--
-- Every row has a natural key, its ORDER BY, that includes the place in the log
-- it came from, so a message that is delivered twice leaves one row. Nothing
-- hangs on insert deduplication, which is switched off where it could be on.
-- A statement ends with a semicolon at the end of a line.

CREATE TABLE IF NOT EXISTS observations_data
(
    indicator         LowCardinality(String),
    period            LowCardinality(String),
    area              LowCardinality(String),
    sequence          UInt64,
    accepted_sequence UInt64,
    year              UInt16,
    period_start      Date32,
    period_end        Date32,
    value             Nullable(Decimal(38, 12)),
    unit              LowCardinality(String),
    epoch             UInt8,
    stage             Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4),
    status            LowCardinality(String),
    qualifier         LowCardinality(String),
    note              String,
    raw               String,
    row               UInt32,
    submission        String,
    dataset           LowCardinality(String),
    via               LowCardinality(String),
    by                LowCardinality(String),
    file              String,
    received_at       DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(accepted_sequence)
ORDER BY (indicator, period, area, sequence)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Accepted observations as the sink writes them; read observations and observations_latest';

CREATE TABLE IF NOT EXISTS submissions_data
(
    area               LowCardinality(String),
    dataset            LowCardinality(String),
    sequence           UInt64,
    verdict_sequence   UInt64,
    id                 String,
    outcome            LowCardinality(String),
    repeated           Bool,
    accepted_sequence  UInt64,
    received_at        DateTime64(3, 'UTC'),
    decided_at         DateTime64(3, 'UTC'),
    via                LowCardinality(String),
    by                 LowCardinality(String),
    file               String,
    rows               UInt32,
    accepted           UInt32,
    held               UInt32,
    rejected           UInt32,
    catalogue          LowCardinality(String),
    finding_code       Array(LowCardinality(String)),
    finding_severity   Array(LowCardinality(String)),
    finding_row        Array(UInt32),
    finding_column     Array(LowCardinality(String)),
    finding_indicator  Array(String),
    finding_period     Array(String),
    finding_seen       Array(String),
    finding_message_zh Array(String),
    finding_message_en Array(String)
)
ENGINE = ReplacingMergeTree(verdict_sequence)
ORDER BY (area, dataset, sequence)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Verdicts with their findings, in one row so that neither is seen without the other; read submissions and findings';

CREATE TABLE IF NOT EXISTS totals_data
(
    indicator        LowCardinality(String),
    period           LowCardinality(String),
    basis            UInt64,
    sequence         UInt64,
    year             UInt16,
    value            Nullable(Decimal(38, 12)),
    unit             LowCardinality(String),
    stage            Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4),
    status           LowCardinality(String),
    qualifier        LowCardinality(String),
    change           Nullable(Decimal(38, 12)),
    change_kind      LowCardinality(String),
    change_absolute  Nullable(Decimal(38, 12)),
    change_reason    LowCardinality(String),
    have             UInt32,
    expected         UInt32,
    missing          Array(String),
    publishable      Bool,
    flags            Array(LowCardinality(String)),
    input_area       Array(LowCardinality(String)),
    input_indicator  Array(LowCardinality(String)),
    input_value      Array(Nullable(Decimal(38, 12))),
    input_stage      Array(LowCardinality(String)),
    input_qualifier  Array(LowCardinality(String)),
    input_submission Array(String),
    input_sequence   Array(UInt64),
    input_period     Array(LowCardinality(String)),
    input_subtracted Array(Bool),
    trigger          LowCardinality(String),
    catalogue        LowCardinality(String),
    computed_at      DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (indicator, period, basis, sequence)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'City totals, every version; without partitions, so that an insert is seen whole or not at all. Read totals and totals_latest';

CREATE TABLE IF NOT EXISTS runs_data
(
    sequence             UInt64,
    id                   String,
    schedule             LowCardinality(String),
    trigger              LowCardinality(String),
    slot                 Nullable(DateTime64(3, 'UTC')),
    started_at           DateTime64(3, 'UTC'),
    finished_at          DateTime64(3, 'UTC'),
    period               String,
    indicator            String,
    basis                UInt64,
    catalogue            LowCardinality(String),
    cells                UInt64,
    changed              UInt64,
    observations_missing UInt64,
    problem              String
)
ENGINE = ReplacingMergeTree
ORDER BY sequence
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Recomputations; read runs';

CREATE TABLE IF NOT EXISTS catalogues_data
(
    version   String,
    city      String,
    synced_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(synced_at)
ORDER BY version
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Catalogue versions ever in use; the one synced last is shown in areas, indicators and datasets';

CREATE TABLE IF NOT EXISTS areas_data
(
    catalogue    String,
    code         String,
    position     UInt32,
    name_zh      String,
    name_en      String,
    kind         LowCardinality(String),
    host         String,
    valid_from   Nullable(Date32),
    valid_to     Nullable(Date32),
    predecessors Array(String),
    synced_at    DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(synced_at)
ORDER BY (catalogue, code)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Areas of every catalogue version; read areas';

CREATE TABLE IF NOT EXISTS indicators_data
(
    catalogue       String,
    id              String,
    position        UInt32,
    name_zh         String,
    name_en         String,
    programme       String,
    unit            LowCardinality(String),
    kind            LowCardinality(String),
    city_total      LowCardinality(String),
    numerator       String,
    denominator     String,
    factor          Int64,
    change          LowCardinality(String),
    decimals        UInt8,
    change_decimals UInt8,
    rounding        LowCardinality(String),
    coverage        LowCardinality(String),
    minimum         Nullable(Decimal(38, 12)),
    maximum         Nullable(Decimal(38, 12)),
    datasets        Array(String),
    synced_at       DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(synced_at)
ORDER BY (catalogue, id)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Indicators of every catalogue version; read indicators';

CREATE TABLE IF NOT EXISTS datasets_data
(
    catalogue String,
    id        String,
    position  UInt32,
    name_zh   String,
    name_en   String,
    periods   Array(String),
    stage     Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4),
    due_days  Int32,
    synced_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(synced_at)
ORDER BY (catalogue, id)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Datasets of every catalogue version; read datasets';
