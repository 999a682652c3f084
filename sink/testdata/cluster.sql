CREATE DATABASE IF NOT EXISTS `citytally` ON CLUSTER `city`;

CREATE TABLE IF NOT EXISTS schema_versions ON CLUSTER `city`
(
    version    UInt32 COMMENT 'number of the migration',
    file       String COMMENT 'its file',
    hash       String COMMENT 'SHA-256 of its text',
    applied_at DateTime64(3, 'UTC') COMMENT 'when it was applied, UTC'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', applied_at)
ORDER BY version
SETTINGS replicated_deduplication_window = 0
COMMENT 'Migrations applied to this database';

CREATE TABLE IF NOT EXISTS observations_data ON CLUSTER `city`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', accepted_sequence)
ORDER BY (indicator, period, area, sequence)
SETTINGS replicated_deduplication_window = 0
COMMENT 'Accepted observations as the sink writes them; read observations and observations_latest';

CREATE TABLE IF NOT EXISTS submissions_data ON CLUSTER `city`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', verdict_sequence)
ORDER BY (area, dataset, sequence)
SETTINGS replicated_deduplication_window = 0
COMMENT 'Verdicts with their findings, in one row so that neither is seen without the other; read submissions and findings';

CREATE TABLE IF NOT EXISTS totals_data ON CLUSTER `city`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
ORDER BY (indicator, period, basis, sequence)
SETTINGS replicated_deduplication_window = 0
COMMENT 'City totals, every version; without partitions, so that an insert is seen whole or not at all. Read totals and totals_latest';

CREATE TABLE IF NOT EXISTS runs_data ON CLUSTER `city`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
ORDER BY sequence
SETTINGS replicated_deduplication_window = 0
COMMENT 'Recomputations; read runs';

CREATE TABLE IF NOT EXISTS catalogues_data ON CLUSTER `city`
(
    version   String,
    city      String,
    synced_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', synced_at)
ORDER BY version
SETTINGS replicated_deduplication_window = 0
COMMENT 'Catalogue versions ever in use; the one synced last is shown in areas, indicators and datasets';

CREATE TABLE IF NOT EXISTS areas_data ON CLUSTER `city`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', synced_at)
ORDER BY (catalogue, code)
SETTINGS replicated_deduplication_window = 0
COMMENT 'Areas of every catalogue version; read areas';

CREATE TABLE IF NOT EXISTS indicators_data ON CLUSTER `city`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', synced_at)
ORDER BY (catalogue, id)
SETTINGS replicated_deduplication_window = 0
COMMENT 'Indicators of every catalogue version; read indicators';

CREATE TABLE IF NOT EXISTS datasets_data ON CLUSTER `city`
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', synced_at)
ORDER BY (catalogue, id)
SETTINGS replicated_deduplication_window = 0
COMMENT 'Datasets of every catalogue version; read datasets';

CREATE TABLE IF NOT EXISTS releases_data ON CLUSTER `city`
(
    name             String,
    note             String,
    as_of            Nullable(DateTime64(3, 'UTC')),
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
ORDER BY (name, indicator)
SETTINGS replicated_deduplication_window = 0
COMMENT 'City totals frozen under a name. Read releases';

ALTER TABLE totals_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS inputs String COMMENT 'JSON: for each part [area, indicator, value, stage, qualifier, submission, sequence, period, subtracted]' AFTER flags,
    ADD COLUMN IF NOT EXISTS input_area Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_indicator Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_value Array(Nullable(Decimal(38, 12))),
    ADD COLUMN IF NOT EXISTS input_stage Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_qualifier Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_submission Array(String),
    ADD COLUMN IF NOT EXISTS input_sequence Array(UInt64),
    ADD COLUMN IF NOT EXISTS input_period Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_subtracted Array(Bool);

ALTER TABLE totals_data ON CLUSTER `city` UPDATE inputs = toJSONString(arrayMap(
    (area, indicator, value, stage, qualifier, submission, sequence, period, subtracted) ->
        (area, indicator, toString(value), stage, qualifier, submission, sequence, period, subtracted),
    input_area, input_indicator, input_value, input_stage, input_qualifier, input_submission, input_sequence, input_period, input_subtracted))
WHERE notEmpty(input_area)
SETTINGS mutations_sync = 2, output_format_json_quote_64bit_integers = 0;

ALTER TABLE totals_data ON CLUSTER `city`
    DROP COLUMN IF EXISTS input_area,
    DROP COLUMN IF EXISTS input_indicator,
    DROP COLUMN IF EXISTS input_value,
    DROP COLUMN IF EXISTS input_stage,
    DROP COLUMN IF EXISTS input_qualifier,
    DROP COLUMN IF EXISTS input_submission,
    DROP COLUMN IF EXISTS input_sequence,
    DROP COLUMN IF EXISTS input_period,
    DROP COLUMN IF EXISTS input_subtracted
SETTINGS mutations_sync = 2;

ALTER TABLE releases_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS inputs String COMMENT 'JSON: for each part [area, indicator, value, stage, qualifier, submission, sequence, period, subtracted]' AFTER flags,
    ADD COLUMN IF NOT EXISTS input_area Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_indicator Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_value Array(Nullable(Decimal(38, 12))),
    ADD COLUMN IF NOT EXISTS input_stage Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_qualifier Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_submission Array(String),
    ADD COLUMN IF NOT EXISTS input_sequence Array(UInt64),
    ADD COLUMN IF NOT EXISTS input_period Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS input_subtracted Array(Bool);

ALTER TABLE releases_data ON CLUSTER `city` UPDATE inputs = toJSONString(arrayMap(
    (area, indicator, value, stage, qualifier, submission, sequence, period, subtracted) ->
        (area, indicator, toString(value), stage, qualifier, submission, sequence, period, subtracted),
    input_area, input_indicator, input_value, input_stage, input_qualifier, input_submission, input_sequence, input_period, input_subtracted))
WHERE notEmpty(input_area)
SETTINGS mutations_sync = 2, output_format_json_quote_64bit_integers = 0;

ALTER TABLE releases_data ON CLUSTER `city`
    DROP COLUMN IF EXISTS input_area,
    DROP COLUMN IF EXISTS input_indicator,
    DROP COLUMN IF EXISTS input_value,
    DROP COLUMN IF EXISTS input_stage,
    DROP COLUMN IF EXISTS input_qualifier,
    DROP COLUMN IF EXISTS input_submission,
    DROP COLUMN IF EXISTS input_sequence,
    DROP COLUMN IF EXISTS input_period,
    DROP COLUMN IF EXISTS input_subtracted
SETTINGS mutations_sync = 2;

ALTER TABLE totals_data ON CLUSTER `city`
    COMMENT COLUMN inputs 'JSON: for each part [area, indicator, value, stage, qualifier, submission, sequence, period, subtracted]; an indicator or stage of "" is that of the part before, the last two may be left out';

ALTER TABLE releases_data ON CLUSTER `city`
    COMMENT COLUMN inputs 'JSON: for each part [area, indicator, value, stage, qualifier, submission, sequence, period, subtracted]; an indicator or stage of "" is that of the part before, the last two may be left out';

ALTER TABLE totals_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS change_qualifier LowCardinality(String) COMMENT 'below, above or about: of change or, where there is none, of change_absolute',
    ADD COLUMN IF NOT EXISTS change_areas Array(String) COMMENT 'codes of the areas because of which there is no change',
    ADD COLUMN IF NOT EXISTS carried Array(String) COMMENT 'codes of the areas that are carried at an earlier stage';

ALTER TABLE releases_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS change_qualifier LowCardinality(String) COMMENT 'below, above or about: of change or, where there is none, of change_absolute',
    ADD COLUMN IF NOT EXISTS change_areas Array(String) COMMENT 'codes of the areas because of which there is no change',
    ADD COLUMN IF NOT EXISTS carried Array(String) COMMENT 'codes of the areas that are carried at an earlier stage';

CREATE TABLE IF NOT EXISTS calendars_data ON CLUSTER `city`
(
    version   String,
    synced_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', synced_at)
ORDER BY version
SETTINGS replicated_deduplication_window = 0
COMMENT 'Calendar versions ever in use; the one synced last is shown in obligations';

CREATE TABLE IF NOT EXISTS obligations_data ON CLUSTER `city`
(
    calendar     String,
    dataset      LowCardinality(String),
    period       LowCardinality(String),
    area         LowCardinality(String),
    year         UInt16,
    period_start Date32,
    period_end   Date32,
    indicators   Array(String),
    deadline     DateTime64(3, 'UTC'),
    grace        Nullable(DateTime64(3, 'UTC')),
    lock         Nullable(DateTime64(3, 'UTC')),
    final        Nullable(DateTime64(3, 'UTC')),
    provisional  Bool,
    synced_at    DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', synced_at)
ORDER BY (calendar, dataset, period, area)
SETTINGS replicated_deduplication_window = 0
COMMENT 'Obligations of every calendar version; read obligations and coverage';

ALTER TABLE runs_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS job LowCardinality(String) DEFAULT 'recompute' AFTER id,
    ADD COLUMN IF NOT EXISTS person String AFTER trigger,
    ADD COLUMN IF NOT EXISTS until String AFTER period,
    ADD COLUMN IF NOT EXISTS area String AFTER indicator,
    ADD COLUMN IF NOT EXISTS full Bool AFTER area,
    ADD COLUMN IF NOT EXISTS imbalances Array(String) AFTER observations_missing,
    ADD COLUMN IF NOT EXISTS mended UInt64 AFTER imbalances,
    ADD COLUMN IF NOT EXISTS healed Bool AFTER mended,
    ADD COLUMN IF NOT EXISTS did Array(String) AFTER healed;

ALTER TABLE areas_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS gained_from Array(String) AFTER predecessors,
    ADD COLUMN IF NOT EXISTS gained_on Array(Date32) AFTER gained_from;

ALTER TABLE indicators_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS meaning String AFTER datasets,
    ADD COLUMN IF NOT EXISTS population String AFTER meaning,
    ADD COLUMN IF NOT EXISTS source String AFTER population,
    ADD COLUMN IF NOT EXISTS redefined Array(Date32) AFTER source,
    ADD COLUMN IF NOT EXISTS valid_from Nullable(Date32) AFTER redefined,
    ADD COLUMN IF NOT EXISTS valid_to Nullable(Date32) AFTER valid_from;

ALTER TABLE releases_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS absent Array(String),
    ADD COLUMN IF NOT EXISTS by String,
    ADD COLUMN IF NOT EXISTS by_role LowCardinality(String),
    ADD COLUMN IF NOT EXISTS by_way LowCardinality(String);

CREATE TABLE IF NOT EXISTS decisions_data ON CLUSTER `city`
(
    sequence   UInt64,
    number     UInt32,
    kind       LowCardinality(String),
    period     LowCardinality(String),
    indicator  LowCardinality(String),
    area       LowCardinality(String),
    reason     String,
    by         String,
    by_role    LowCardinality(String),
    by_way     LowCardinality(String),
    decided_at DateTime64(3, 'UTC'),
    catalogue  String
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
ORDER BY (sequence, number)
SETTINGS replicated_deduplication_window = 0
COMMENT 'Decisions of the bureau; read decisions';

ALTER TABLE observations_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS entity String COMMENT 'unified social credit code of the entity that the row lists; empty for a figure',
    ADD COLUMN IF NOT EXISTS entity_name String COMMENT 'name of the entity',
    ADD COLUMN IF NOT EXISTS valid_from Nullable(Date32) COMMENT 'first day on which the entity counts; NULL is unbounded',
    ADD COLUMN IF NOT EXISTS valid_to Nullable(Date32) COMMENT 'last day on which the entity counts; NULL is unbounded',
    ADD COLUMN IF NOT EXISTS registered_area LowCardinality(String) COMMENT 'code of the area of its registered address; empty is not said',
    ADD COLUMN IF NOT EXISTS listed_since UInt64 COMMENT 'place in SUBMISSIONS from which on the area has listed it',
    MODIFY ORDER BY (indicator, period, area, sequence, entity);

ALTER TABLE indicators_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS counts_for LowCardinality(String);

ALTER TABLE datasets_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS rows LowCardinality(String);

CREATE TABLE IF NOT EXISTS holds_data ON CLUSTER `city`
(
    accepted_sequence UInt64,
    place             UInt32,
    event             LowCardinality(String),
    sequence          UInt64,
    row               UInt32,
    submission        String,
    area              LowCardinality(String),
    dataset           LowCardinality(String),
    indicator         LowCardinality(String),
    period            LowCardinality(String),
    year              UInt16,
    value             Nullable(Decimal(38, 12)),
    unit              LowCardinality(String),
    epoch             UInt8,
    stage             Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4),
    status            LowCardinality(String),
    qualifier         LowCardinality(String),
    note              String,
    raw               String,
    reason            String,
    file              String,
    releaser          LowCardinality(String),
    codes             Array(LowCardinality(String)),
    messages_zh       Array(String),
    messages_en       Array(String),
    text              String,
    person            LowCardinality(String),
    role              LowCardinality(String),
    way               LowCardinality(String),
    at                DateTime64(3, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
ORDER BY (accepted_sequence, place)
SETTINGS replicated_deduplication_window = 0
COMMENT 'Rows that are held, and what was said and decided about them, as the sink writes them; read holds and hold_statements';

ALTER TABLE totals_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS held Array(String),
    ADD COLUMN IF NOT EXISTS held_areas Array(String),
    ADD COLUMN IF NOT EXISTS value_with_held Nullable(Decimal(38, 12)),
    ADD COLUMN IF NOT EXISTS change_with_held Nullable(Decimal(38, 12));

ALTER TABLE releases_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS held Array(String),
    ADD COLUMN IF NOT EXISTS held_areas Array(String),
    ADD COLUMN IF NOT EXISTS value_with_held Nullable(Decimal(38, 12)),
    ADD COLUMN IF NOT EXISTS change_with_held Nullable(Decimal(38, 12));

ALTER TABLE indicators_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS programme_zh String AFTER programme,
    ADD COLUMN IF NOT EXISTS programme_en String AFTER programme_zh;

ALTER TABLE decisions_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS rules String AFTER catalogue;

CREATE TABLE IF NOT EXISTS progress_data ON CLUSTER `city`
(
    stream      LowCardinality(String),
    step        LowCardinality(String),
    reached     UInt64,
    last        UInt64,
    waiting     UInt64,
    complete_to Nullable(DateTime64(3, 'UTC')),
    measured_at DateTime64(3, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', measured_at)
ORDER BY (stream, step)
SETTINGS replicated_deduplication_window = 0
COMMENT 'How far each step has come, as the sinks look at it; read progress';

CREATE TABLE IF NOT EXISTS log_data ON CLUSTER `city`
(
    stream     LowCardinality(String),
    log        String,
    generation UInt64,
    last       UInt64,
    seen_at    DateTime64(3, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', seen_at)
ORDER BY stream
SETTINGS replicated_deduplication_window = 0
COMMENT 'The log that the tables are filled from, and up to where its streams went';

ALTER TABLE holds_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS entity String COMMENT 'unified social credit code of the entity that the row lists; empty for a figure';

ALTER TABLE totals_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS qualifier_with_held LowCardinality(String),
    ADD COLUMN IF NOT EXISTS change_qualifier_with_held LowCardinality(String);

ALTER TABLE releases_data ON CLUSTER `city`
    ADD COLUMN IF NOT EXISTS qualifier_with_held LowCardinality(String),
    ADD COLUMN IF NOT EXISTS change_qualifier_with_held LowCardinality(String);

CREATE OR REPLACE TABLE areas_distributed ON CLUSTER `city` AS areas_data ENGINE = Distributed('city', 'citytally', 'areas_data') COMMENT 'The copies of areas_data on the cluster, for reading';

CREATE OR REPLACE TABLE calendars_distributed ON CLUSTER `city` AS calendars_data ENGINE = Distributed('city', 'citytally', 'calendars_data') COMMENT 'The copies of calendars_data on the cluster, for reading';

CREATE OR REPLACE TABLE catalogues_distributed ON CLUSTER `city` AS catalogues_data ENGINE = Distributed('city', 'citytally', 'catalogues_data') COMMENT 'The copies of catalogues_data on the cluster, for reading';

CREATE OR REPLACE TABLE datasets_distributed ON CLUSTER `city` AS datasets_data ENGINE = Distributed('city', 'citytally', 'datasets_data') COMMENT 'The copies of datasets_data on the cluster, for reading';

CREATE OR REPLACE TABLE decisions_distributed ON CLUSTER `city` AS decisions_data ENGINE = Distributed('city', 'citytally', 'decisions_data') COMMENT 'The copies of decisions_data on the cluster, for reading';

CREATE OR REPLACE TABLE holds_distributed ON CLUSTER `city` AS holds_data ENGINE = Distributed('city', 'citytally', 'holds_data') COMMENT 'The copies of holds_data on the cluster, for reading';

CREATE OR REPLACE TABLE indicators_distributed ON CLUSTER `city` AS indicators_data ENGINE = Distributed('city', 'citytally', 'indicators_data') COMMENT 'The copies of indicators_data on the cluster, for reading';

CREATE OR REPLACE TABLE log_distributed ON CLUSTER `city` AS log_data ENGINE = Distributed('city', 'citytally', 'log_data') COMMENT 'The copies of log_data on the cluster, for reading';

CREATE OR REPLACE TABLE obligations_distributed ON CLUSTER `city` AS obligations_data ENGINE = Distributed('city', 'citytally', 'obligations_data') COMMENT 'The copies of obligations_data on the cluster, for reading';

CREATE OR REPLACE TABLE observations_distributed ON CLUSTER `city` AS observations_data ENGINE = Distributed('city', 'citytally', 'observations_data') COMMENT 'The copies of observations_data on the cluster, for reading';

CREATE OR REPLACE TABLE progress_distributed ON CLUSTER `city` AS progress_data ENGINE = Distributed('city', 'citytally', 'progress_data') COMMENT 'The copies of progress_data on the cluster, for reading';

CREATE OR REPLACE TABLE releases_distributed ON CLUSTER `city` AS releases_data ENGINE = Distributed('city', 'citytally', 'releases_data') COMMENT 'The copies of releases_data on the cluster, for reading';

CREATE OR REPLACE TABLE runs_distributed ON CLUSTER `city` AS runs_data ENGINE = Distributed('city', 'citytally', 'runs_data') COMMENT 'The copies of runs_data on the cluster, for reading';

CREATE OR REPLACE TABLE submissions_distributed ON CLUSTER `city` AS submissions_data ENGINE = Distributed('city', 'citytally', 'submissions_data') COMMENT 'The copies of submissions_data on the cluster, for reading';

CREATE OR REPLACE TABLE totals_distributed ON CLUSTER `city` AS totals_data ENGINE = Distributed('city', 'citytally', 'totals_data') COMMENT 'The copies of totals_data on the cluster, for reading';

CREATE OR REPLACE VIEW areas ON CLUSTER `city`
(
    code         String COMMENT 'GB/T 2260 code, or the catalogue''s own',
    name_zh      String COMMENT 'Chinese name',
    name_en      String COMMENT 'English name',
    kind         LowCardinality(String) COMMENT 'city, district, carved_out or inside',
    host         String COMMENT 'district that an inside zone lies in',
    valid_from   Nullable(Date32) COMMENT 'first day; NULL is unbounded',
    valid_to     Nullable(Date32) COMMENT 'first day no longer; NULL is unbounded',
    predecessors Array(String) COMMENT 'areas whose territory it took over',
    gained       Array(Tuple(from String, day Date32)) COMMENT 'parts of other areas that became parts of this one, with the first day',
    position     UInt32 COMMENT 'place in the catalogue, from 1',
    catalogue    String COMMENT 'version of the catalogue'
)
AS SELECT
    code, name_zh, name_en, kind, host, valid_from, valid_to, predecessors,
    CAST(arrayZip(gained_from, gained_on), 'Array(Tuple(from String, day Date32))') AS gained, position, catalogue
FROM areas_distributed FINAL
WHERE catalogue = (SELECT argMax(version, (synced_at, version)) FROM catalogues_distributed)
COMMENT 'Areas of the catalogue that is in use';

CREATE OR REPLACE VIEW coverage ON CLUSTER `city`
(
    area              LowCardinality(String) COMMENT 'code of the area that owes',
    dataset           LowCardinality(String) COMMENT 'dataset owed',
    period            LowCardinality(String) COMMENT 'SDMX period owed',
    year              UInt16 COMMENT 'calendar year of the period',
    deadline          DateTime64(3, 'UTC') COMMENT 'last instant that is in time, UTC',
    grace             Nullable(DateTime64(3, 'UTC')) COMMENT 'last instant at which being late is tolerated, UTC; NULL is none',
    provisional       Bool COMMENT 'true when the instants may still move, as holidays are not known',
    state             LowCardinality(String) COMMENT 'in_time or late: complete; open: before the deadline; grace: before the end of the grace; overdue',
    complete          Bool COMMENT 'true when every indicator owed is there',
    owed              UInt32 COMMENT 'indicators owed',
    received          UInt32 COMMENT 'indicators owed of which a figure, or the statement that there is none, is in force',
    missing           Array(String) COMMENT 'ids of the others, in order',
    held              UInt32 COMMENT 'indicators owed of which a newer figure is held than is in force',
    refused           UInt32 COMMENT 'indicators owed whose newest row was refused, at once or after it was held',
    first_received_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the first of them came, UTC; NULL is not yet',
    complete_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'when the last of them came for the first time, UTC; NULL while some are missing',
    late_seconds      Int64 COMMENT 'how long after the deadline it was complete or, while it is not, how long that is by now; 0 is in time',
    rows_accepted     UInt64 COMMENT 'rows accepted, of the indicators owed',
    rows_refused      UInt64 COMMENT 'rows refused, of the indicators owed; those of a file that was sent again once',
    revisions         UInt64 COMMENT 'how often a figure or its status was changed after it had been accepted'
)
AS WITH
    -- The periods of which what is owed is met by a figure of a period: itself, one of another kind
    -- that spans the same months, and those that end with a year to date. The year is none of them.
    code -> arrayMap(part -> concat(left(code, 4), part), arrayConcat([substring(code, 5)], multiIf(
        substring(code, 5) = '-01', ['-YTD01'], substring(code, 5) = '-Q1', ['-YTD03'], substring(code, 5) = '-S1', ['-YTD06'],
        substring(code, 5, 4) != '-YTD', [],
        arrayConcat([concat('-', substring(code, 9))], [['-Q1'], ['-Q2', '-S1'], ['-Q3'], ['-Q4', '-S2']][indexOf(['03', '06', '09', '12'], substring(code, 9))])))) AS meets,
    figures AS
    (
        SELECT
            area, arrayJoin(meets(period)) AS met, indicator, max(item_in_force) AS in_force, max(item_newest) AS newest,
            minIf(item_first_at, item_reported) AS first_at, sum(item_vintages) AS vintages, sum(item_changes) AS changes
        FROM
        (
            SELECT
                area, period, indicator, entity,
                argMax(status, (epoch, stage, sequence, accepted_sequence)) != 'X' AS item_in_force,
                max(sequence) AS item_newest,
                minIf(received_at, status != 'X') AS item_first_at,
                countIf(status != 'X') > 0 AS item_reported,
                uniqExact(sequence) AS item_vintages,
                length(arrayCompact(arrayMap(v -> (v.2, v.3), arraySort(groupArray((sequence, concat(ifNull(toString(value), ''), entity_name, ifNull(toString(valid_from), ''), ifNull(toString(valid_to), ''), registered_area), status)))))) - 1 AS item_changes
            FROM observations_distributed
            GROUP BY area, period, indicator, entity
        )
        GROUP BY area, met, indicator
    ),
    problems AS
    (
        SELECT
            area, dataset, arrayJoin(meets(period)) AS met, indicator,
            maxIf(sequence, is_held) AS newest_held,
            maxIf(sequence, NOT is_held) AS newest_refused,
            uniqExactIf((submission, row), NOT is_held) AS rows_refused
        FROM
        (
            SELECT area, dataset, period, indicator, submission, sequence, row, false AS is_held FROM findings WHERE severity = 'reject'
            UNION ALL
            SELECT area, dataset, period, indicator, submission, sequence, row, state = 'pending' AS is_held FROM holds WHERE state IN ('pending', 'refused')
        )
        GROUP BY area, dataset, met, indicator
    )
SELECT
    o.area AS area, o.dataset AS dataset, o.period AS period, any(o.year) AS year,
    any(o.deadline) AS deadline, any(o.grace) AS grace, any(o.provisional) AS provisional,
    multiIf(complete AND assumeNotNull(complete_at) <= deadline, 'in_time', complete, 'late', now64(3) <= deadline, 'open',
        now64(3) <= ifNull(grace, deadline), 'grace', 'overdue') AS state,
    received = owed AS complete,
    toUInt32(count()) AS owed,
    toUInt32(countIf(f.in_force)) AS received,
    arraySort(groupArrayIf(o.indicator, NOT f.in_force)) AS missing,
    toUInt32(countIf(p.newest_held > f.newest AND p.newest_held >= p.newest_refused)) AS held,
    toUInt32(countIf(p.newest_refused > f.newest AND p.newest_refused > p.newest_held)) AS refused,
    if(received = 0, NULL, minIf(f.first_at, f.in_force)) AS first_received_at,
    if(received = owed, maxIf(f.first_at, f.in_force), NULL) AS complete_at,
    greatest(0, dateDiff('second', deadline, ifNull(complete_at, now64(3)))) AS late_seconds,
    sum(f.vintages) AS rows_accepted,
    sum(p.rows_refused) AS rows_refused,
    sum(f.changes) AS revisions
FROM
(
    SELECT area, dataset, period, year, deadline, grace, provisional, arrayJoin(indicators) AS indicator
    FROM obligations
) AS o
LEFT JOIN figures AS f ON f.area = o.area AND f.met = o.period AND f.indicator = o.indicator
LEFT JOIN problems AS p ON p.area = o.area AND p.dataset = o.dataset AND p.met = o.period AND p.indicator = o.indicator
GROUP BY area, dataset, period
COMMENT 'What became of each obligation: what is there, what is missing, how late it was';

CREATE OR REPLACE VIEW coverage_scores ON CLUSTER `city`
(
    area           LowCardinality(String) COMMENT 'code of the area',
    year           UInt16 COMMENT 'calendar year of the periods',
    due            UInt64 COMMENT 'obligations whose deadline has passed',
    in_time        UInt64 COMMENT 'those that were complete by the deadline',
    late           UInt64 COMMENT 'those that were complete later',
    incomplete     UInt64 COMMENT 'those that are not complete yet',
    timeliness     Decimal(18, 2) COMMENT 'in_time in percent of due',
    completeness   Decimal(18, 2) COMMENT 'indicators received in percent of those owed',
    rows_accepted  UInt64 COMMENT 'rows accepted, of the indicators owed',
    rows_refused   UInt64 COMMENT 'rows refused, of the indicators owed; those of a file that was sent again once',
    refused_share  Nullable(Decimal(18, 2)) COMMENT 'rows refused in percent of all rows; NULL is no rows',
    revisions      UInt64 COMMENT 'how often a figure or its status was changed after it had been accepted',
    revision_share Nullable(Decimal(18, 2)) COMMENT 'revisions in percent of the indicators received; NULL is none received'
)
AS SELECT
    c.area AS area, c.year AS year, count() AS due, countIf(c.state = 'in_time') AS in_time, countIf(c.state = 'late') AS late,
    countIf(NOT c.complete) AS incomplete,
    toDecimal64(100 * in_time, 2) / due AS timeliness,
    toDecimal64(100 * sum(c.received), 2) / sum(c.owed) AS completeness,
    sum(c.rows_accepted) AS rows_accepted, sum(c.rows_refused) AS rows_refused,
    if(rows_accepted + rows_refused = 0, NULL, toDecimal64(100 * rows_refused, 2) / greatest(rows_accepted + rows_refused, 1)) AS refused_share,
    sum(c.revisions) AS revisions,
    if(sum(c.received) = 0, NULL, toDecimal64(100 * revisions, 2) / greatest(sum(c.received), 1)) AS revision_share
FROM (SELECT * FROM coverage WHERE deadline < now64(3)) AS c
GROUP BY area, year
COMMENT 'How timely and how good the reports of each area are, by the year of their periods';

CREATE OR REPLACE VIEW datasets ON CLUSTER `city`
(
    id        String COMMENT 'id of the dataset',
    name_zh   String COMMENT 'Chinese name',
    name_en   String COMMENT 'English name',
    rows      LowCardinality(String) COMMENT 'entities where a row lists one; empty where it is a figure',
    periods   Array(String) COMMENT 'kinds of period: year, half, quarter, month, ytd',
    stage     Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'stage where an observation names none',
    due_days  Int32 COMMENT 'days after the period''s end when it is due',
    position  UInt32 COMMENT 'place in the catalogue, from 1',
    catalogue String COMMENT 'version of the catalogue'
)
AS SELECT
    id, name_zh, name_en, rows, periods, stage, due_days, position, catalogue
FROM datasets_distributed FINAL
WHERE catalogue = (SELECT argMax(version, (synced_at, version)) FROM catalogues_distributed)
COMMENT 'Datasets of the catalogue that is in use';

CREATE OR REPLACE VIEW decisions ON CLUSTER `city`
(
    kind       LowCardinality(String) COMMENT 'lock, unlock, reopen, adopt …',
    period     LowCardinality(String) COMMENT 'SDMX period that it is about',
    indicator  LowCardinality(String) COMMENT 'id of the indicator that a reopening is about; empty is all',
    area       LowCardinality(String) COMMENT 'code of the area that a reopening is about; empty is all',
    reason     String COMMENT 'why',
    by         String COMMENT 'who decided',
    by_role    LowCardinality(String) COMMENT 'role of that person: operator, or that of a token; empty where an earlier version did not record it',
    by_way     LowCardinality(String) COMMENT 'how that person came in: local or token',
    decided_at DateTime64(3, 'UTC') COMMENT 'when it was decided, UTC',
    catalogue  String COMMENT 'version of the catalogue that an adoption put in force',
    rules      String COMMENT 'version of the rules that an adoption put in force',
    sequence   UInt64 COMMENT 'place in ACCEPTED',
    number     UInt32 COMMENT 'number within its message, from 1'
)
AS SELECT
    kind, period, indicator, area, reason, by, by_role, by_way, decided_at, catalogue, rules, sequence, number
FROM decisions_distributed FINAL
COMMENT 'What the bureau decided about figures: locks, reopenings, catalogues';

CREATE OR REPLACE VIEW entities ON CLUSTER `city`
(
    area            LowCardinality(String) COMMENT 'code of the area that lists it',
    indicator       LowCardinality(String) COMMENT 'id of the indicator that counts it',
    period          LowCardinality(String) COMMENT 'SDMX period',
    year            UInt16 COMMENT 'calendar year of the period',
    period_end      Date32 COMMENT 'last day of the period, on which lists are read',
    entity          String COMMENT 'unified social credit code',
    name            String COMMENT 'name of the entity',
    valid_from      Nullable(Date32) COMMENT 'first day on which it counts; NULL is unbounded',
    valid_to        Nullable(Date32) COMMENT 'last day on which it counts; NULL is unbounded',
    registered_area LowCardinality(String) COMMENT 'code of the area of its registered address; empty is not said',
    valid           Bool COMMENT 'true when it is valid on period_end',
    claimed_by      Array(String) COMMENT 'codes of the areas of the city''s sum that list it as valid, in the order in which they first did',
    counts_for      String COMMENT 'code of the area for which it counts in the city; empty is none',
    counts          Bool COMMENT 'true when it counts for this area',
    stage           Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'stage of the statement',
    epoch           UInt8 COMMENT 'how often the statement had been reopened or withdrawn',
    listed_since    UInt64 COMMENT 'place in SUBMISSIONS from which on the area has listed it',
    submission      String COMMENT 'id of the submission that brought the statement',
    sequence        UInt64 COMMENT 'place of the submission in SUBMISSIONS',
    dataset         LowCardinality(String) COMMENT 'dataset it was reported in',
    file            String COMMENT 'name of the file it came from',
    row             UInt32 COMMENT 'row in the file, counted from 1',
    received_at     DateTime64(3, 'UTC') COMMENT 'when the broker stored the submission, UTC'
)
AS SELECT
    area, indicator, period, year, period_end, entity, entity_name AS name, valid_from, valid_to, registered_area, valid,
    arrayMap(claim -> claim.2, arraySort(groupArrayIf((listed_since, area), contends) OVER same)) AS claimed_by,
    multiIf(empty(claimed_by), '', by_address AND has(claimed_by, address), address, claimed_by[1]) AS counts_for,
    if(additive, contends AND counts_for = area, valid) AS counts,
    stage, epoch, listed_since, submission, sequence, dataset, file, row, received_at
FROM
(
    SELECT
        *, indicator IN (SELECT id FROM indicators WHERE counts_for = 'registered_address') AS by_address,
        area IN (SELECT code FROM areas WHERE kind IN ('district', 'carved_out')) AS additive,
        (isNull(valid_from) OR assumeNotNull(valid_from) <= period_end) AND (isNull(valid_to) OR assumeNotNull(valid_to) >= period_end) AS valid,
        valid AND additive AS contends,
        toString(argMinIf(registered_area, listed_since, contends AND registered_area != '') OVER (PARTITION BY indicator, period, entity)) AS address
    FROM
    (
        SELECT * FROM observations_distributed
        WHERE entity != ''
        ORDER BY indicator, period, area, entity, epoch DESC, stage DESC, sequence DESC, accepted_sequence DESC
        LIMIT 1 BY indicator, period, area, entity
    )
    WHERE status != 'X'
)
WINDOW same AS (PARTITION BY indicator, period, entity)
COMMENT 'The entities on the areas'' lists, by period: the best statement of each area, whether it counts, and for which area';

CREATE OR REPLACE VIEW figures ON CLUSTER `city`
(
    indicator        LowCardinality(String) COMMENT 'id of the indicator',
    indicator_zh     String COMMENT 'its Chinese name',
    indicator_en     String COMMENT 'its English name',
    programme        LowCardinality(String) COMMENT 'id of the report''s heading that it stands under',
    programme_zh     String COMMENT 'that heading in Chinese',
    programme_en     String COMMENT 'that heading in English',
    area             LowCardinality(String) COMMENT 'code of the area',
    area_zh          String COMMENT 'its Chinese name',
    area_en          String COMMENT 'its English name',
    kind             LowCardinality(String) COMMENT 'city, district, carved_out or inside; the row of the city is the city total',
    period           LowCardinality(String) COMMENT 'SDMX period',
    period_zh        String COMMENT 'its Chinese name: 2021年1—6月',
    period_en        String COMMENT 'its English name: January to June 2021',
    period_kind      LowCardinality(String) COMMENT 'year, half, quarter, month, or ytd, the year to date',
    year             UInt16 COMMENT 'calendar year of the period',
    period_start     Date32 COMMENT 'first day of the period',
    period_end       Date32 COMMENT 'last day of the period, on which stocks are read',
    value            Nullable(Decimal(38, 12)) COMMENT 'exact figure in unit, of a ratio that of the area''s own parts; NULL is no figure, and state says why',
    value_shown      String COMMENT 'value as reports show it, without unit and qualifier: rounded by the catalogue, to as many decimals as the change needs; empty is no figure',
    unit             LowCardinality(String) COMMENT 'unit of value',
    qualifier        String COMMENT 'below (近), above (超, 余, 多), about (约), or empty for an exact value',
    stage            Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'stage in the figure''s life, in ascending order; of a total the lowest of its parts',
    stage_zh         String COMMENT 'that stage in Chinese',
    state            LowCardinality(String) COMMENT 'reported; derived from other periods; recast: added up from the areas that this one was made of; partial: a total that lacks areas; why there is no figure: no_figure (stated), held, refused, overdue, open (before the deadline), zero_below (a ratio''s denominator is zero), unreported (by every area)',
    state_zh         String COMMENT 'that in Chinese',
    state_en         String COMMENT 'that in English',
    held             Bool COMMENT 'true when a figure for it is held; see holds',
    counted          Bool COMMENT 'true when the area adds up to the city: no inside zone, no recast figure, not the city itself',
    recast           Bool COMMENT 'true when the period lies before the area was: the figure is that of the areas it took over',
    value_before     Nullable(Decimal(38, 12)) COMMENT 'figure of the same territory a year earlier, in unit; NULL where there is none, or it is not comparable',
    change_reason    LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, SIGN_CHANGE, BREAK, DEFINITION, VALUE_MISSING …',
    change           Nullable(Decimal(38, 12)) COMMENT 'change on the year before, unrounded: percent, or percentage points',
    change_shown     String COMMENT 'change as reports show it, with its sign, without % and qualifier; empty is none',
    change_kind      LowCardinality(String) COMMENT 'percent or point',
    change_qualifier LowCardinality(String) COMMENT 'below, above or about',
    previous_value   Nullable(Decimal(38, 12)) COMMENT 'figure of the period of the same kind just before: of a month the month before; NULL of the year to date',
    share            Nullable(Decimal(38, 12)) COMMENT 'of what is added up, the area''s part of the city total in percent',
    share_before     Nullable(Decimal(38, 12)) COMMENT 'what that was a year earlier, also where the area has not reported since',
    contribution     Nullable(Decimal(38, 12)) COMMENT 'the area''s part of the growth of the city total, in percentage points; they add up to the city''s change',
    rank             UInt64 COMMENT 'place among the areas that add up to the city, by value from the highest, from 1; equal values share one; 0 is none',
    rank_before      UInt64 COMMENT 'what that was a year earlier',
    dataset          LowCardinality(String) COMMENT 'id of the dataset in which it is owed, by the calendar; empty is not owed, or a city total',
    dataset_zh       String COMMENT 'its Chinese name',
    dataset_en       String COMMENT 'its English name',
    deadline         Nullable(DateTime64(3, 'UTC')) COMMENT 'last instant that is in time, UTC, by the calendar; NULL is not owed',
    late_days        UInt32 COMMENT 'whole days since the deadline, of what is not there',
    have             UInt32 COMMENT 'of a city total: expected areas that reported',
    expected         UInt32 COMMENT 'of a city total: areas that were to report',
    missing          Array(String) COMMENT 'of a city total: codes of expected areas that did not report; those whose figure is held are in held_areas',
    missing_zh       Array(String) COMMENT 'their Chinese names',
    missing_en       Array(String) COMMENT 'their English names',
    carried          Array(String) COMMENT 'of a city total: codes of the areas carried at an earlier stage, for which it is imputed',
    carried_zh       Array(String) COMMENT 'their Chinese names',
    carried_en       Array(String) COMMENT 'their English names',
    held_areas       Array(String) COMMENT 'of a city total: codes of the areas whose held figures would change it',
    held_areas_zh    Array(String) COMMENT 'their Chinese names',
    held_areas_en    Array(String) COMMENT 'their English names',
    publishable      Bool COMMENT 'of a city total: what the indicator''s coverage policy says',
    flags            Array(String) COMMENT 'of a city total: what is special, as in totals',
    position         UInt32 COMMENT 'place of the indicator in the catalogue, from 1'
)
AS WITH
    v -> toInt256(toDecimal256(abs(v), 12) * 1000000000000) AS unscaled,
    v -> trim(TRAILING '0' FROM leftPad(toString(unscaled(v) % toInt256(1000000000000)), 12, '0')) AS fraction,
    v -> toInt32(length(toString(intDiv(unscaled(v), toInt256(1000000000000))))) AS whole_digits,
    (u, p, mode) -> intDiv(u, p) + (mode != 'truncate' AND (u % p * 2 > p OR (u % p * 2 = p AND (mode != 'half_even' OR intDiv(u, p) % 2 = 1)))) AS divided,
    (v, places, mode) -> divided(unscaled(v), toInt256(intExp10(12 - places)), mode) AS rounded,
    (r, places) -> if(places = 0, toString(r), concat(toString(intDiv(r, toInt256(intExp10(places)))), '.', leftPad(toString(r % toInt256(intExp10(places))), places, '0'))) AS pointed,
    (v, places, mode) -> concat(if(v < 0 AND rounded(v, places, mode) != 0, '-', ''), pointed(rounded(v, places, mode), places)) AS shown,
    (a, b, factor) -> accurateCastOrNull(round(divideDecimal(toDecimal256(a, 12) * factor, toDecimal256(b, 12), 24), 12), 'Decimal(38, 12)') AS quotient,
    (q, sign) -> multiIf(sign > 0, q, sign < 0, transform(q, ['below', 'above'], ['above', 'below'], q), '') AS times,
    qs -> multiIf(empty(arrayFilter(q -> q != '', qs)), '', length(arrayDistinct(arrayFilter(q -> q != '', qs))) = 1, arrayFilter(q -> q != '', qs)[1], 'about') AS joined,
    ['reported', 'derived', 'recast', 'partial', 'no_figure', 'held', 'refused', 'overdue', 'open', 'zero_below', 'unreported'] AS states,
    (SELECT groupArray(code) FROM areas) AS area_codes,
    (SELECT groupArray(name_zh) FROM areas) AS areas_zh,
    (SELECT groupArray(name_en) FROM areas) AS areas_en,
    roles AS
    (
        SELECT id AS part, id AS target, 'own' AS role FROM indicators WHERE kind != 'ratio'
        UNION ALL SELECT numerator, id, 'over' FROM indicators WHERE kind = 'ratio'
        UNION ALL SELECT denominator, id, 'under' FROM indicators WHERE kind = 'ratio'
    ),
    ended AS -- what became of an area that ended, where all of it became part of one other
    (
        SELECT g.area AS area, min(g.heir) AS heir, any(assumeNotNull(b.valid_to)) AS day
        FROM (SELECT arrayJoin(predecessors) AS area, code AS heir FROM areas UNION ALL SELECT part.1, code FROM areas ARRAY JOIN gained AS part) AS g
        INNER JOIN areas AS b ON b.code = g.area
        WHERE b.valid_to IS NOT NULL
        GROUP BY area HAVING count() = 1
    ),
    steps AS
    (
        SELECT area, arraySort(groupArray((day, heir))) AS heirs FROM
        (
            SELECT area, day, heir FROM ended
            UNION ALL SELECT a.area, b.day, b.heir FROM ended AS a INNER JOIN ended AS b ON b.area = a.heir
            UNION ALL SELECT a.area, c.day, c.heir FROM ended AS a INNER JOIN ended AS b ON b.area = a.heir INNER JOIN ended AS c ON c.area = b.heir
        )
        GROUP BY area
    ),
    (area, heirs, day) -> if(notEmpty(arrayFilter(heir -> heir.1 <= day, heirs)), arrayFilter(heir -> heir.1 <= day, heirs)[-1].2, area) AS member, -- whose figure a part counts in
    merged AS (SELECT arrayJoin(predecessors) AS area, min(code) AS heir, min(valid_from) AS day FROM areas GROUP BY area HAVING count() = 1),
    heirs AS
    (
        SELECT code AS area, code AS heir, false AS recast, CAST(NULL, 'Nullable(Date32)') AS day FROM areas
        UNION ALL SELECT area, heir, true, day FROM merged
        UNION ALL SELECT a.area, b.heir, true, a.day FROM merged AS a INNER JOIN merged AS b ON b.area = a.heir
    ),
    reported AS
    (
        SELECT
            t.indicator AS indicator, t.period AS period, member(part.area, e.heirs, p.ends) AS area,
            sum(if(part.subtracted, -1, 1) * part.value) AS value,
            toInt8(min(CAST(part.stage AS Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4)))) AS stage,
            joined(groupUniqArray(times(part.qualifier, if(part.subtracted, -1, 1)))) AS qualifier,
            if(max(part.period NOT IN ('', t.period)), 'derived', 'reported') AS state,
            CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS due, '' AS dataset
        FROM totals_latest AS t
        ARRAY JOIN t.inputs AS part
        INNER JOIN periods AS p ON p.code = t.period
        LEFT JOIN steps AS e ON e.area = part.area
        WHERE t.indicator NOT IN (SELECT id FROM indicators WHERE kind = 'ratio')
        GROUP BY indicator, period, area
        UNION ALL
        SELECT indicator, period, area, value, toInt8(stage), qualifier, 'reported', NULL, '' FROM observations_latest
        WHERE status != 'O' AND area IN (SELECT code FROM areas WHERE kind = 'inside')
        UNION ALL
        SELECT indicator, period, area, NULL, 0, '', 'no_figure', NULL, '' FROM observations_latest WHERE status = 'O'
        UNION ALL
        SELECT indicator, period, area, NULL, 0, '', if(state = 'pending', 'held', 'refused'), NULL, '' FROM holds WHERE state IN ('pending', 'refused')
        UNION ALL
        SELECT indicator, period, area, NULL, 0, '', 'refused', NULL, '' FROM findings WHERE severity = 'reject' AND indicator != ''
        UNION ALL
        SELECT arrayJoin(indicators), period, area, NULL, 0, '', multiIf(now64(3) > deadline, 'overdue', period_end < today(), 'open', 'future'), deadline, dataset FROM obligations
        UNION ALL
        SELECT indicator, period, arrayJoin(missing), NULL, 0, '', 'overdue', NULL, '' FROM totals_latest
        WHERE indicator NOT IN (SELECT id FROM indicators WHERE kind = 'ratio')
        UNION ALL
        SELECT indicator, period, arrayJoin(arrayFilter(area -> NOT has(arrayMap(part -> part.area, inputs), area), held_areas)), NULL, 0, '', 'held', NULL, ''
        FROM totals_latest -- held for another period that the figure would follow from
        WHERE indicator NOT IN (SELECT id FROM indicators WHERE kind = 'ratio')
    ),
    of_areas AS
    (
        SELECT
            r.target AS indicator, f.period AS period, h.heir AS area, h.recast AS recast,
            any(d.donors) AS needed,
            uniqExactIf(f.area, r.role = 'own' AND f.value IS NOT NULL) AS own_donors,
            uniqExactIf(f.area, r.role = 'over' AND f.value IS NOT NULL) AS over_donors,
            uniqExactIf(f.area, r.role = 'under' AND f.value IS NOT NULL) AS under_donors,
            sumIf(f.value, r.role = 'own') AS own, sumIf(f.value, r.role = 'over') AS over, sumIf(f.value, r.role = 'under') AS under,
            any(i.kind) = 'ratio' AS is_ratio,
            multiIf(NOT is_ratio AND own_donors >= needed, accurateCastOrNull(own, 'Decimal(38, 12)'),
                is_ratio AND over_donors >= needed AND under_donors >= needed AND under != 0, quotient(assumeNotNull(over), if(under = 0, 1, assumeNotNull(under)), any(i.factor)), NULL) AS value,
            if(value IS NULL, 0, minIf(f.stage, f.value IS NOT NULL)) AS stage,
            if(value IS NULL, '', if(NOT is_ratio, joined(groupUniqArrayIf(f.qualifier, f.value IS NOT NULL)), joined([
                times(joined(groupUniqArrayIf(f.qualifier, r.role = 'over' AND f.value IS NOT NULL)), toInt8(sign(under))),
                times(joined(groupUniqArrayIf(f.qualifier, r.role = 'under' AND f.value IS NOT NULL)), -toInt8(sign(over)))]))) AS qualifier,
            multiIf(value IS NOT NULL, if(recast, 'recast', if(countIf(f.state = 'derived') > 0, 'derived', 'reported')),
                is_ratio AND over_donors >= needed AND under_donors >= needed, 'zero_below',
                argMax(f.state, (f.value IS NULL, indexOf(['future', 'open', 'overdue', 'refused', 'held', 'no_figure'], f.state)))) AS state,
            countIf(f.state = 'held') > 0 AS held,
            min(f.due) AS due, argMin(f.dataset, (f.dataset = '', f.due)) AS dataset
        FROM reported AS f
        INNER JOIN roles AS r ON r.part = f.indicator
        INNER JOIN indicators AS i ON i.id = r.target
        INNER JOIN heirs AS h ON h.area = f.area
        INNER JOIN periods AS p ON p.code = f.period
        LEFT JOIN (SELECT heir, recast, count() AS donors FROM heirs GROUP BY heir, recast) AS d ON d.heir = h.heir AND d.recast = h.recast
        WHERE NOT h.recast OR p.ends < h.day
        GROUP BY indicator, period, area, recast
        HAVING state != 'future' AND NOT (recast AND value IS NULL)
    ),
    of_city AS
    (
        SELECT
            c.indicator AS indicator, c.period AS period, argMax(tuple(c.value), c.known).1 AS value, max(c.stage) AS stage, max(c.qualifier) AS qualifier, max(c.state) AS state,
            argMax(tuple(c.change), c.known).1 AS change, argMax(tuple(c.change_absolute), c.known).1 AS change_absolute, max(c.change_reason) AS change_reason, max(c.change_qualifier) AS change_qualifier,
            max(c.have) AS have, if(max(c.known) = 1, max(c.expected), uniqExactArray(c.missing)) AS expected,
            if(max(c.known) = 1, argMax(c.missing, c.known), arraySort(groupUniqArrayArray(c.missing))) AS missing,
            groupUniqArrayArray(c.carried) AS carried, groupUniqArrayArray(c.held_areas) AS held_areas, max(c.publishable) AS publishable, groupUniqArrayArray(c.flags) AS flags
        FROM
        (
            SELECT
                1 AS known, indicator, period, value, toInt8(stage) AS stage, qualifier,
                multiIf(value IS NULL AND notEmpty(held), 'held', value IS NULL, 'no_figure', have < expected, 'partial', has(flags, 'DERIVED'), 'derived', 'reported') AS state,
                change, change_absolute, change_reason, change_qualifier, have, expected, missing, carried, held_areas, publishable, flags
            FROM totals_latest
            UNION ALL
            SELECT
                0, r.target, o.period, NULL, 0, '', '', NULL, NULL, '', '', 0, 0, [o.area], [], [], false, []
            FROM (SELECT area, period, arrayJoin(indicators) AS indicator FROM obligations WHERE period_end < today()) AS o
            INNER JOIN roles AS r ON r.part = o.indicator
            INNER JOIN areas AS a ON a.code = o.area
            WHERE a.kind != 'inside'
        ) AS c
        GROUP BY indicator, period
    ),
    together AS
    (
        SELECT
            f.indicator AS indicator, f.period AS period, f.area AS area, f.recast AS recast, f.value AS value, f.stage AS stage, f.qualifier AS qualifier, f.state AS state, f.held AS held, f.due AS due, f.dataset AS dataset, d.name_zh AS dataset_zh, d.name_en AS dataset_en,
            f.city_change AS city_change, f.city_absolute AS city_absolute, f.city_reason AS city_reason, f.city_qualifier AS city_qualifier,
            f.have AS have, f.expected AS expected, f.missing AS missing, f.carried AS carried, f.held_areas AS held_areas, f.publishable AS publishable, f.flags AS flags,
            a.kind AS kind, a.kind IN ('district', 'carved_out') AND NOT f.recast AS counted, p.kind AS period_kind, p.year AS year, p.number AS number, p.months AS months,
            p.name_zh AS period_zh, p.name_en AS period_en, p.begins AS period_start, p.ends AS period_end, a.name_zh AS area_zh, a.name_en AS area_en,
            i.name_zh AS indicator_zh, i.name_en AS indicator_en, i.programme AS programme, i.programme_zh AS programme_zh, i.programme_en AS programme_en, i.position AS position, i.unit AS unit, i.city_total AS city_total,
            i.change AS change_kind, i.decimals AS decimals, i.change_decimals AS change_decimals, i.rounding AS rounding,
            arrayExists(day -> day > addYears(p.ends, -1) AND day <= p.ends, i.redefined) AS is_redefined,
            arrayExists(part -> f.area IN (part.1, part.2) AND part.3 > addYears(p.ends, -1) AND part.3 <= p.ends,
                (SELECT groupArray((code, part.1, part.2)) FROM areas ARRAY JOIN gained AS part)) AS is_broken
        FROM
        (
            SELECT
                indicator, period, area, recast, value, stage, qualifier, state, held, due, dataset, CAST(NULL, 'Nullable(Decimal(38, 12))') AS city_change, CAST(NULL, 'Nullable(Decimal(38, 12))') AS city_absolute,
                '' AS city_reason, '' AS city_qualifier, 0 AS have, 0 AS expected, [] AS missing, [] AS carried, [] AS held_areas, false AS publishable, [] AS flags
            FROM of_areas WHERE area NOT IN (SELECT code FROM areas WHERE kind = 'city')
            UNION ALL
            SELECT
                indicator, period, ifNull((SELECT any(code) FROM areas WHERE kind = 'city'), ''), false, value, stage, qualifier, if(state = '', 'unreported', state), notEmpty(held_areas), NULL, '', change, change_absolute,
                change_reason, change_qualifier, have, expected, missing, carried, held_areas, publishable, flags
            FROM of_city
        ) AS f
        INNER JOIN periods AS p ON p.code = f.period
        INNER JOIN areas AS a ON a.code = f.area
        INNER JOIN indicators AS i ON i.id = f.indicator
        LEFT JOIN datasets AS d ON d.id = f.dataset
    ),
    compared AS
    (
        SELECT
            *,
            if(kind = 'city', value - city_absolute, if(is_redefined OR is_broken, NULL, any(value) OVER (PARTITION BY indicator, area, period_kind, number ORDER BY year RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING))) AS value_before,
            any(qualifier) OVER (PARTITION BY indicator, area, period_kind, number ORDER BY year RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) AS qualifier_before,
            if(period_kind = 'ytd', NULL, any(value) OVER (PARTITION BY indicator, area, period_kind ORDER BY year * intDiv(12, months) + number RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING)) AS previous_value,
            anyIf(value, kind = 'city') OVER (PARTITION BY indicator, period) AS city_value,
            if(counted AND value IS NOT NULL, rank() OVER (PARTITION BY indicator, period, counted AND value IS NOT NULL ORDER BY value DESC), 0) AS rank
        FROM together
    ),
    ranked AS
    (
        SELECT
            *,
            any(rank) OVER (PARTITION BY indicator, area, period_kind, number ORDER BY year RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) AS rank_before,
            anyIf(value_before, kind = 'city') OVER (PARTITION BY indicator, period) AS city_before,
            any(city_value) OVER (PARTITION BY indicator, area, period_kind, number ORDER BY year RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) AS city_value_before
        FROM compared
    )
SELECT
    indicator, indicator_zh, indicator_en, programme, programme_zh, programme_en, area, area_zh, area_en, kind, period, period_zh, period_en, period_kind, year, period_start, period_end,
    value,
    if(value IS NULL, '', shown(assumeNotNull(value), if(qualifier != '' OR change_kind != 'percent' OR city_total = 'ratio' OR value = 0, toInt32(decimals),
        greatest(decimals, least(toInt32(length(fraction(assumeNotNull(value)))), change_decimals + 2 - if(abs(value) >= 1, whole_digits(assumeNotNull(value)), -toInt32(length(extract(fraction(assumeNotNull(value)), '^0*'))))))), rounding)) AS value_shown,
    unit, qualifier, CAST(stage AS Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4)) AS stage,
    transform(toString(stage), ['forecast', 'estimate', 'flash', 'final'], ['预测', '预计', '快报', '年报'], '') AS stage_zh,
    state,
    transform(state, states, ['已报送', '由其他报告期推算', '按现行区划归并', '部分地区未报送', '本期无数', '待核实', '退回', '逾期未报', '未到截止时间', '分母为零', '无人报送'], state) AS state_zh,
    transform(state, states, ['reported', 'derived from other periods', 'merged to the areas of today', 'some areas have not reported', 'stated to have no figure', 'held', 'refused', 'overdue', 'not due yet', 'denominator is zero', 'reported by nobody'], state) AS state_en,
    held, counted, recast, value_before,
    multiIf(kind = 'city', city_reason, value IS NULL, 'VALUE_MISSING', value_before IS NULL, multiIf(is_redefined, 'DEFINITION', is_broken, 'BREAK', 'BASE_MISSING'),
        change_kind = 'point', '', value_before = 0, 'BASE_ZERO', (value < 0) != (value_before < 0) AND value != 0, 'SIGN_CHANGE', value_before < 0, 'BASE_NEGATIVE', '') AS change_reason,
    multiIf(kind = 'city', city_change, change_reason != '', NULL, change_kind = 'point', accurateCastOrNull(toDecimal256(value, 12) - toDecimal256(value_before, 12), 'Decimal(38, 12)'),
        quotient(toDecimal256(assumeNotNull(value), 12) - toDecimal256(assumeNotNull(value_before), 12), if(value_before = 0, 1, assumeNotNull(value_before)), 100)) AS change,
    if(change IS NULL, '', concat(if(change > 0, '+', ''), shown(assumeNotNull(change), change_decimals, rounding))) AS change_shown,
    change_kind, multiIf(change IS NULL, '', kind = 'city', city_qualifier, joined([toString(qualifier), times(toString(qualifier_before), if(change_kind = 'point', -1, -toInt8(sign(value))))])) AS change_qualifier,
    previous_value,
    if(city_total = 'sum' AND counted AND value IS NOT NULL AND city_value != 0, quotient(assumeNotNull(value), assumeNotNull(city_value), 100), NULL) AS share,
    if(city_total = 'sum' AND counted AND value_before IS NOT NULL AND city_value_before != 0, quotient(assumeNotNull(value_before), assumeNotNull(city_value_before), 100), NULL) AS share_before,
    if(city_total = 'sum' AND counted AND value IS NOT NULL AND value_before IS NOT NULL AND city_before > 0,
        quotient(toDecimal256(assumeNotNull(value), 12) - toDecimal256(assumeNotNull(value_before), 12), assumeNotNull(city_before), 100), NULL) AS contribution,
    rank, rank_before, dataset, dataset_zh, dataset_en, due AS deadline, if(value IS NULL AND due < now64(3), toUInt32(dateDiff('second', assumeNotNull(due), now64(3)) / 86400), 0) AS late_days,
    have, expected, missing, arrayMap(code -> transform(code, area_codes, areas_zh, code), missing) AS missing_zh, arrayMap(code -> transform(code, area_codes, areas_en, code), missing) AS missing_en,
    carried, arrayMap(code -> transform(code, area_codes, areas_zh, code), carried) AS carried_zh, arrayMap(code -> transform(code, area_codes, areas_en, code), carried) AS carried_en,
    held_areas, arrayMap(code -> transform(code, area_codes, areas_zh, code), held_areas) AS held_areas_zh, arrayMap(code -> transform(code, area_codes, areas_en, code), held_areas) AS held_areas_en,
    publishable, flags, position
FROM ranked
COMMENT 'Figures of the city and of every area, with names, neighbours and shares, and a row for each that is owed and not there';

CREATE OR REPLACE VIEW findings ON CLUSTER `city`
(
    submission String COMMENT 'id of the submission',
    area       LowCardinality(String) COMMENT 'code of the area that reported',
    dataset    LowCardinality(String) COMMENT 'dataset reported',
    sequence   UInt64 COMMENT 'place of the submission in SUBMISSIONS',
    number     UInt32 COMMENT 'counts the submission''s findings from 1',
    code       LowCardinality(String) COMMENT 'stable code, for programs',
    severity   LowCardinality(String) COMMENT 'reject, hold or inform',
    row        UInt32 COMMENT 'row in the file, counted from 1; 0 is the whole submission',
    column     LowCardinality(String) COMMENT 'name of the field',
    indicator  String COMMENT 'indicator concerned',
    period     String COMMENT 'period concerned',
    seen       String COMMENT 'text found there',
    message_zh String COMMENT 'what is wrong and what to do, in Chinese',
    message_en String COMMENT 'what is wrong and what to do, in English',
    decided_at DateTime64(3, 'UTC') COMMENT 'when it was found, UTC',
    repeated   Bool COMMENT 'true where the same content had been judged before, with the same findings: leave those out to count each once'
)
AS SELECT
    id AS submission, area, dataset, sequence, number, code, severity, row, column, indicator,
    period, seen, message_zh, message_en, decided_at, CAST(sequence > first AS Bool) AS repeated
FROM
(
    SELECT *, cityHash64(finding_code, finding_row, finding_severity) AS found
    FROM submissions_distributed FINAL
) AS s
LEFT JOIN
(
    SELECT id, cityHash64(finding_code, finding_row, finding_severity) AS found, min(sequence) AS first
    FROM submissions_distributed
    WHERE notEmpty(finding_code)
    GROUP BY id, found
) AS earliest USING (id, found)
ARRAY JOIN
    arrayEnumerate(finding_code) AS number, finding_code AS code, finding_severity AS severity,
    finding_row AS row, finding_column AS column, finding_indicator AS indicator, finding_period AS period,
    finding_seen AS seen, finding_message_zh AS message_zh, finding_message_en AS message_en
COMMENT 'What validation had to say, with its place';

CREATE OR REPLACE VIEW hold_statements ON CLUSTER `city`
(
    id                String COMMENT 'id of the held figure: place of its submission in SUBMISSIONS, its row, and which of that row',
    kind              LowCardinality(String) COMMENT 'explain, release or refuse',
    area              LowCardinality(String) COMMENT 'code of the area whose figure it is',
    submission        String COMMENT 'id of the submission that it came with',
    text              String COMMENT 'the explanation, or the reason of the decision',
    person            LowCardinality(String) COMMENT 'who, as it was proven',
    role              LowCardinality(String) COMMENT 'district, bureau or operator',
    way               LowCardinality(String) COMMENT 'token or local',
    at                DateTime64(3, 'UTC') COMMENT 'when, UTC',
    accepted_sequence UInt64 COMMENT 'place in ACCEPTED'
)
AS SELECT
    toString(sequence) || '.' || toString(row % 2000000) || if(row < 2000000, '', '-' || toString(intDiv(row, 2000000) + 1)) AS id, event AS kind, area, submission, text, person, role, way, at, accepted_sequence
FROM holds_distributed FINAL
WHERE event != 'held'
COMMENT 'What was said and decided about held figures: explanations, releases and refusals, all of them';

CREATE OR REPLACE VIEW holds ON CLUSTER `city`
(
    id                String COMMENT 'id of the held figure: place of its submission in SUBMISSIONS, its row, and which of that row',
    state             LowCardinality(String) COMMENT 'pending, released, refused, or superseded by a better figure of the area',
    area              LowCardinality(String) COMMENT 'code of the area that reported',
    dataset           LowCardinality(String) COMMENT 'dataset it was reported in',
    indicator         LowCardinality(String) COMMENT 'id of the indicator',
    period            LowCardinality(String) COMMENT 'SDMX period',
    year              UInt16 COMMENT 'calendar year of the period',
    value             Nullable(Decimal(38, 12)) COMMENT 'exact value in unit; NULL is missing (status O) or withdrawn (X)',
    unit              LowCardinality(String) COMMENT 'unit of value, the indicator''s when it was held',
    stage             Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'stage in the figure''s life',
    status            LowCardinality(String) COMMENT 'SDMX observation status',
    qualifier         LowCardinality(String) COMMENT 'below (近), above (超, 余, 多), about (约), or empty',
    releaser          LowCardinality(String) COMMENT 'district: an explanation releases it; bureau: the bureau decides',
    codes             Array(String) COMMENT 'codes of the findings that hold it',
    messages_zh       Array(String) COMMENT 'what they say, in Chinese',
    messages_en       Array(String) COMMENT 'what they say, in English',
    explanations      UInt64 COMMENT 'how many explanations there are; hold_statements has them',
    explanation       String COMMENT 'the last of them',
    decided_by        String COMMENT 'who released or refused it',
    decided_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'when that was, UTC; NULL is not yet',
    decision          String COMMENT 'the reason of the decision',
    note              String COMMENT 'the reporter''s note',
    reason            String COMMENT 'why it was revised, as the submission says',
    file              String COMMENT 'name of the file it came from',
    submission        String COMMENT 'id of the submission that brought it',
    sequence          UInt64 COMMENT 'place of the submission in SUBMISSIONS',
    row               UInt32 COMMENT 'row in the file, counted from 1',
    accepted_sequence UInt64 COMMENT 'place in ACCEPTED',
    received_at       DateTime64(3, 'UTC') COMMENT 'when the broker stored the submission, UTC'
)
AS WITH
    held AS
    (
        SELECT * FROM holds_distributed WHERE event = 'held' ORDER BY sequence, row, accepted_sequence LIMIT 1 BY sequence, row
    ),
    said AS
    (
        SELECT
            sequence, row,
            uniqExactIf((accepted_sequence, place), event = 'explain') AS explanations,
            argMaxIf(text, (accepted_sequence, place), event = 'explain') AS explanation,
            minIf(accepted_sequence, event != 'explain') AS decided,
            argMinIf(event, (accepted_sequence, place), event != 'explain') AS decision_kind,
            argMinIf(person, (accepted_sequence, place), event != 'explain') AS decided_by,
            argMinIf(text, (accepted_sequence, place), event != 'explain') AS decision,
            argMinIf(at, (accepted_sequence, place), event != 'explain') AS decided_at
        FROM holds_distributed
        WHERE event != 'held'
        GROUP BY sequence, row
    ),
    better AS
    (
        SELECT h.sequence AS sequence, h.row AS row, min(o.accepted_sequence) AS ended
        FROM held AS h
        INNER JOIN
        (
            SELECT indicator, period, area, entity, epoch, stage, sequence, accepted_sequence FROM observations_distributed
            WHERE (indicator, period, area) IN (SELECT indicator, period, area FROM holds_distributed WHERE event = 'held')
            UNION ALL
            SELECT indicator, period, area, entity, epoch, stage, sequence, accepted_sequence FROM holds_distributed WHERE event = 'held'
        ) AS o ON o.indicator = h.indicator AND o.period = h.period AND o.area = h.area AND o.entity = h.entity
        WHERE (o.epoch, o.stage, o.sequence) > (h.epoch, h.stage, h.sequence)
        GROUP BY sequence, row
    )
SELECT
    toString(h.sequence) || '.' || toString(h.row % 2000000) || if(h.row < 2000000, '', '-' || toString(intDiv(h.row, 2000000) + 1)) AS id,
    multiIf(s.decided > 0 AND (b.ended = 0 OR s.decided < b.ended), if(s.decision_kind = 'release', 'released', 'refused'), b.ended > 0, 'superseded', 'pending') AS state,
    h.area AS area, h.dataset AS dataset, h.indicator AS indicator, h.period AS period, h.year AS year, h.value AS value, h.unit AS unit,
    h.stage AS stage, h.status AS status, h.qualifier AS qualifier, h.releaser AS releaser, h.codes AS codes, h.messages_zh AS messages_zh, h.messages_en AS messages_en,
    s.explanations AS explanations, s.explanation AS explanation,
    if(state IN ('released', 'refused'), s.decided_by, '') AS decided_by,
    if(state IN ('released', 'refused'), s.decided_at, NULL) AS decided_at,
    if(state IN ('released', 'refused'), s.decision, '') AS decision,
    h.note AS note, h.reason AS reason, h.file AS file, h.submission AS submission, h.sequence AS sequence, h.row % 2000000 AS row, h.accepted_sequence AS accepted_sequence, h.at AS received_at
FROM held AS h
LEFT JOIN said AS s ON s.sequence = h.sequence AND s.row = h.row
LEFT JOIN better AS b ON b.sequence = h.sequence AND b.row = h.row
COMMENT 'Every figure that is or was held, and what has become of it; one that is pending takes part in no total';

CREATE OR REPLACE VIEW indicators ON CLUSTER `city`
(
    id              String COMMENT 'id of the indicator',
    name_zh         String COMMENT 'Chinese name',
    name_en         String COMMENT 'English name',
    programme       String COMMENT 'id of the heading of the report',
    programme_zh    String COMMENT 'that heading in Chinese; empty where an earlier version did not record it',
    programme_en    String COMMENT 'that heading in English',
    unit            LowCardinality(String) COMMENT 'unit of values and totals',
    kind            LowCardinality(String) COMMENT 'flow, stock or ratio',
    city_total      LowCardinality(String) COMMENT 'sum, ratio, city or distinct',
    counts_for      LowCardinality(String) COMMENT 'of distinct, for which area an entity counts that several list: first_reported or registered_address',
    numerator       String COMMENT 'indicator above the line of a ratio',
    denominator     String COMMENT 'indicator below the line of a ratio',
    factor          Int64 COMMENT 'what a ratio is multiplied by',
    change          LowCardinality(String) COMMENT 'percent or point',
    decimals        UInt8 COMMENT 'decimals shown of values',
    change_decimals UInt8 COMMENT 'decimals shown of changes',
    rounding        LowCardinality(String) COMMENT 'half_up, half_even or truncate, for display only',
    coverage        LowCardinality(String) COMMENT 'complete or partial',
    minimum         Nullable(Decimal(38, 12)) COMMENT 'least plausible value, in unit; NULL is unbounded',
    maximum         Nullable(Decimal(38, 12)) COMMENT 'greatest plausible value, in unit; NULL is unbounded',
    datasets        Array(String) COMMENT 'datasets it is reported in',
    meaning         String COMMENT 'what is measured',
    population      String COMMENT 'of whom it is measured',
    source          String COMMENT 'where it comes from',
    redefined       Array(Date32) COMMENT 'days from which figures mean something else',
    valid_from      Nullable(Date32) COMMENT 'first day on which it is measured; NULL is unbounded',
    valid_to        Nullable(Date32) COMMENT 'first day on which it no longer is; NULL is unbounded',
    position        UInt32 COMMENT 'place in the catalogue, from 1',
    catalogue       String COMMENT 'version of the catalogue'
)
AS SELECT
    id, name_zh, name_en, programme, programme_zh, programme_en, unit, kind, city_total, counts_for, numerator, denominator, factor, change,
    decimals, change_decimals, rounding, coverage, minimum, maximum, datasets, meaning, population, source, redefined, valid_from, valid_to, position, catalogue
FROM indicators_distributed FINAL
WHERE catalogue = (SELECT argMax(version, (synced_at, version)) FROM catalogues_distributed)
COMMENT 'Indicators of the catalogue that is in use';

CREATE OR REPLACE VIEW obligations ON CLUSTER `city`
(
    area         LowCardinality(String) COMMENT 'code of the area that owes',
    dataset      LowCardinality(String) COMMENT 'dataset owed',
    period       LowCardinality(String) COMMENT 'SDMX period owed',
    year         UInt16 COMMENT 'calendar year of the period',
    period_start Date32 COMMENT 'first day of the period',
    period_end   Date32 COMMENT 'last day of the period',
    indicators   Array(String) COMMENT 'ids of the indicators owed',
    deadline     DateTime64(3, 'UTC') COMMENT 'last instant that is in time, UTC',
    grace        Nullable(DateTime64(3, 'UTC')) COMMENT 'last instant at which being late is tolerated, UTC; NULL is none',
    lock         Nullable(DateTime64(3, 'UTC')) COMMENT 'when the period is to be locked, UTC; NULL is never',
    final        Nullable(DateTime64(3, 'UTC')) COMMENT 'when its figures are final, UTC; NULL is never',
    provisional  Bool COMMENT 'true when the instants depend on a year whose holidays are not known; they may still move',
    calendar     String COMMENT 'version of the calendar'
)
AS SELECT
    area, dataset, period, year, period_start, period_end, indicators, deadline, grace, lock, final, provisional, calendar
FROM obligations_distributed FINAL
WHERE calendar = (SELECT argMax(version, (synced_at, version)) FROM calendars_distributed)
COMMENT 'Who owes what by when, of the calendar in use: deadlines from ten years ago to the end of the year after next';

CREATE OR REPLACE VIEW observations ON CLUSTER `city`
(
    area              LowCardinality(String) COMMENT 'code of the area that reported',
    indicator         LowCardinality(String) COMMENT 'id of the indicator',
    period            LowCardinality(String) COMMENT 'SDMX period: 2021, 2021-S1, 2021-Q3, 2021-06, 2021-YTD06',
    year              UInt16 COMMENT 'calendar year of the period',
    period_start      Date32 COMMENT 'first day of the period',
    period_end        Date32 COMMENT 'last day of the period, on which stocks are read',
    value             Nullable(Decimal(38, 12)) COMMENT 'exact value in unit; NULL is missing (status O) or withdrawn (X), never zero',
    unit              LowCardinality(String) COMMENT 'unit of value, the indicator''s when it was accepted',
    epoch             UInt8 COMMENT 'how often the figure had been reopened or withdrawn; a later epoch wins whatever the stage',
    stage             Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'stage in the figure''s life, in ascending order',
    status            LowCardinality(String) COMMENT 'SDMX observation status: A normal, E estimated, P provisional, I imputed, O missing, X withdrawn …',
    qualifier         LowCardinality(String) COMMENT 'below (近), above (超, 余, 多), about (约), or empty for an exact value',
    note              String COMMENT 'the reporter''s note',
    raw               String COMMENT 'text of the value as received, where it differs from value',
    row               UInt32 COMMENT 'row in the file, counted from 1',
    submission        String COMMENT 'id of the submission that brought it',
    sequence          UInt64 COMMENT 'place of the submission in SUBMISSIONS; what comes later wins within a stage',
    accepted_sequence UInt64 COMMENT 'place in ACCEPTED',
    dataset           LowCardinality(String) COMMENT 'dataset it was reported in',
    via               LowCardinality(String) COMMENT 'how it came in: http, cli, folder …; empty is NATS',
    by                LowCardinality(String) COMMENT 'who authenticated',
    file              String COMMENT 'name of the file it came from',
    received_at       DateTime64(3, 'UTC') COMMENT 'when the broker stored the submission, UTC; of a figure that was held, when it was released'
)
AS SELECT
    area, indicator, period, year, period_start, period_end, value, unit, epoch, stage, status, qualifier,
    note, raw, row, submission, sequence, accepted_sequence, dataset, via, by, file, received_at
FROM observations_distributed FINAL
WHERE entity = ''
COMMENT 'Every accepted value ever, all vintages';

CREATE OR REPLACE VIEW observations_latest ON CLUSTER `city`
(
    area              LowCardinality(String) COMMENT 'code of the area that reported',
    indicator         LowCardinality(String) COMMENT 'id of the indicator',
    period            LowCardinality(String) COMMENT 'SDMX period: 2021, 2021-S1, 2021-Q3, 2021-06, 2021-YTD06',
    year              UInt16 COMMENT 'calendar year of the period',
    period_start      Date32 COMMENT 'first day of the period',
    period_end        Date32 COMMENT 'last day of the period, on which stocks are read',
    value             Nullable(Decimal(38, 12)) COMMENT 'exact value in unit; NULL is missing (status O), never zero',
    unit              LowCardinality(String) COMMENT 'unit of value, the indicator''s when it was accepted',
    epoch             UInt8 COMMENT 'how often the figure had been reopened or withdrawn; a later epoch wins whatever the stage',
    stage             Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'stage in the figure''s life, in ascending order',
    status            LowCardinality(String) COMMENT 'SDMX observation status: A normal, E estimated, P provisional, I imputed, O missing …',
    qualifier         LowCardinality(String) COMMENT 'below (近), above (超, 余, 多), about (约), or empty for an exact value',
    note              String COMMENT 'the reporter''s note',
    raw               String COMMENT 'text of the value as received, where it differs from value',
    row               UInt32 COMMENT 'row in the file of the submission, counted from 1',
    submission        String COMMENT 'id of the submission that set it: the first that brought it since another was in force',
    sequence          UInt64 COMMENT 'place of the submission in SUBMISSIONS',
    accepted_sequence UInt64 COMMENT 'place in ACCEPTED',
    dataset           LowCardinality(String) COMMENT 'dataset it was reported in',
    via               LowCardinality(String) COMMENT 'how it came in: http, cli, folder …; empty is NATS',
    by                LowCardinality(String) COMMENT 'who authenticated',
    file              String COMMENT 'name of the file it came from',
    received_at       DateTime64(3, 'UTC') COMMENT 'since when it has been so: when the broker stored the submission, UTC; of a figure that was held, when it was released',
    confirmed_by      String COMMENT 'id of the last submission that has said the same since; empty is none',
    confirmed_sequence UInt64 COMMENT 'place of that submission in SUBMISSIONS; 0 is none',
    confirmed_file    String COMMENT 'name of the file that it came from',
    confirmed_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'when the broker stored it, UTC; NULL is none'
)
AS SELECT
    area, indicator, period, year, period_start, period_end, value, unit, epoch, stage, status, qualifier,
    set_note AS note, set_raw AS raw, set_row AS row, set_submission AS submission, set_sequence AS sequence, set_accepted_sequence AS accepted_sequence,
    set_dataset AS dataset, set_via AS via, set_by AS by, set_file AS file, set_received_at AS received_at,
    if(confirmed_sequence = 0, '', last_submission) AS confirmed_by, if(last_sequence = set_sequence, 0, last_sequence) AS confirmed_sequence,
    if(confirmed_sequence = 0, '', last_file) AS confirmed_file, if(confirmed_sequence = 0, NULL, last_received_at) AS confirmed_at
FROM
(
    -- The windows tell who set the figure. ClickHouse leaves out those whose columns a query does not read.
    SELECT
        *, sequence AS last_sequence, submission AS last_submission, file AS last_file, received_at AS last_received_at,
        anyLastIf(note, sets) OVER cell AS set_note, anyLastIf(raw, sets) OVER cell AS set_raw, anyLastIf(row, sets) OVER cell AS set_row,
        anyLastIf(submission, sets) OVER cell AS set_submission, anyLastIf(sequence, sets) OVER cell AS set_sequence, anyLastIf(accepted_sequence, sets) OVER cell AS set_accepted_sequence,
        anyLastIf(dataset, sets) OVER cell AS set_dataset, anyLastIf(via, sets) OVER cell AS set_via, anyLastIf(by, sets) OVER cell AS set_by,
        anyLastIf(file, sets) OVER cell AS set_file, anyLastIf(received_at, sets) OVER cell AS set_received_at
    FROM
    (
        SELECT *, rises AND anyLastIf(statement, rises) OVER (PARTITION BY indicator, period, area ORDER BY accepted_sequence, sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) != statement AS sets
        FROM
        (
            SELECT
                *, (isNull(value), ifNull(value, 0), unit, toInt8(stage), status, qualifier) AS statement, (epoch, toInt8(stage), sequence) AS rank,
                rank > max(rank) OVER (PARTITION BY indicator, period, area ORDER BY accepted_sequence, sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS rises
            FROM observations_distributed
            WHERE entity = ''
        )
    )
    WINDOW cell AS (PARTITION BY indicator, period, area ORDER BY accepted_sequence, sequence ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ORDER BY indicator, period, area, epoch DESC, stage DESC, sequence DESC, accepted_sequence DESC
    LIMIT 1 BY indicator, period, area
)
WHERE status != 'X'
COMMENT 'The figure in force of each cell: the latest epoch, the highest stage, then the highest sequence; of the submission that set it, beside the last that has confirmed it; none where it was withdrawn';

CREATE OR REPLACE VIEW periods ON CLUSTER `city`
(
    code        String COMMENT 'SDMX period: 2021, 2021-S1, 2021-Q3, 2021-06, 2021-YTD06',
    kind        LowCardinality(String) COMMENT 'year, half, quarter, month, or ytd, the year to date',
    name_zh     String COMMENT 'Chinese name: 2021年1—6月',
    name_en     String COMMENT 'English name: January to June 2021',
    year        UInt16 COMMENT 'calendar year',
    number      UInt8 COMMENT 'number of the half, quarter or month within the year; of the year to date, its last month; of a year 1',
    months      UInt8 COMMENT 'how many months it has',
    begins      Date32 COMMENT 'first day',
    ends        Date32 COMMENT 'last day, on which stocks are read',
    year_before String COMMENT 'code of the same period a year earlier',
    previous    String COMMENT 'code of the period of the same kind just before; of the year to date, the one that ended a month earlier, empty in January'
)
AS WITH
    (y, kind, n) -> concat(toString(y), multiIf(kind = 'year', '', kind = 'half', concat('-S', toString(n)), kind = 'quarter', concat('-Q', toString(n)),
        concat(if(kind = 'month', '-', '-YTD'), leftPad(toString(n), 2, '0')))) AS written,
    ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] AS months_en
SELECT
    written(year, kind, number) AS code, kind,
    multiIf(kind = 'year', concat(toString(year), '年'), kind = 'half', concat(toString(year), '年', ['上', '下'][number], '半年'),
        kind = 'quarter', concat(toString(year), '年', ['一', '二', '三', '四'][number], '季度'),
        concat(toString(year), '年', if(kind = 'ytd' AND number > 1, '1—', ''), toString(number), '月')) AS name_zh,
    multiIf(kind = 'year', toString(year), kind = 'half', concat(['first', 'second'][number], ' half of ', toString(year)),
        kind = 'quarter', concat(['first', 'second', 'third', 'fourth'][number], ' quarter of ', toString(year)),
        concat(if(kind = 'ytd' AND number > 1, 'January to ', ''), months_en[number], ' ', toString(year))) AS name_en,
    year, number,
    multiIf(kind = 'year', 12, kind = 'half', 6, kind = 'quarter', 3, kind = 'month', 1, number) AS months,
    addMonths(makeDate32(year, 1, 1), multiIf(kind IN ('year', 'ytd'), 0, (number - 1) * months)) AS begins,
    subtractDays(addMonths(begins, months), 1) AS ends,
    written(year - 1, kind, number) AS year_before,
    multiIf(kind = 'year', written(year - 1, kind, 1), number > 1, written(year, kind, number - 1), kind = 'ytd', '',
        written(year - 1, kind, multiIf(kind = 'half', 2, kind = 'quarter', 4, 12))) AS previous
FROM
(
    SELECT
        toUInt16(1980 + intDiv(n, 31)) AS year, n % 31 AS place,
        multiIf(place = 0, 'year', place < 3, 'half', place < 7, 'quarter', place < 19, 'month', 'ytd') AS kind,
        toUInt8(multiIf(place = 0, 1, place < 3, place, place < 7, place - 2, place < 19, place - 6, place - 18)) AS number
    FROM (SELECT toUInt16(number) AS n FROM numbers(3100))
)
COMMENT 'Every period from 1980 to 2079, with its names, days and neighbours';

CREATE OR REPLACE VIEW progress ON CLUSTER `city`
(
    stream      LowCardinality(String) COMMENT 'stream of the log: SUBMISSIONS, ACCEPTED, VERDICTS, TOTALS, RELEASES; DEAD has what could not be processed',
    step        LowCardinality(String) COMMENT 'who works through it: validate, tally, and the sinks into this database; empty is nobody',
    reached     UInt64 COMMENT 'place up to which that is done',
    last        UInt64 COMMENT 'last place in the stream',
    waiting     UInt64 COMMENT 'messages that wait for it; of DEAD, letters that wait for a person',
    complete_to Nullable(DateTime64(3, 'UTC')) COMMENT 'everything that was in the stream by then is done, UTC; NULL is not known yet',
    measured_at DateTime64(3, 'UTC') COMMENT 'when that was looked at, UTC: every few seconds while something moves, else every minute'
)
AS SELECT stream, step, argMax(reached, p.measured_at) AS reached, argMax(last, p.measured_at) AS last, argMax(waiting, p.measured_at) AS waiting, max(complete_to) AS complete_to, max(p.measured_at) AS measured_at
FROM progress_distributed AS p
GROUP BY stream, step
COMMENT 'How far each step of the pipeline has come, and up to when what this database shows is complete';

CREATE OR REPLACE VIEW release_changes ON CLUSTER `city`
(
    release         LowCardinality(String) COMMENT 'name of the release',
    indicator       LowCardinality(String) COMMENT 'id of the indicator',
    indicator_zh    String COMMENT 'its Chinese name',
    indicator_en    String COMMENT 'its English name',
    period          LowCardinality(String) COMMENT 'SDMX period',
    period_zh       String COMMENT 'its Chinese name: 2021年1—6月',
    period_en       String COMMENT 'its English name: January to June 2021',
    total_then      Nullable(Decimal(38, 12)) COMMENT 'city total in the release, in unit_then',
    total_now       Nullable(Decimal(38, 12)) COMMENT 'the latest, in unit; NULL is no longer any',
    difference      Nullable(Decimal(38, 12)) COMMENT 'total_now − total_then, in unit; NULL where the units differ',
    unit            LowCardinality(String) COMMENT 'unit of the total now',
    unit_then       LowCardinality(String) COMMENT 'unit of the total in the release; empty where that has none',
    change_then     Nullable(Decimal(38, 12)) COMMENT 'change on the year before in the release',
    change_now      Nullable(Decimal(38, 12)) COMMENT 'the latest',
    area            LowCardinality(String) COMMENT 'code of an area whose part is another than then, not only in another unit; empty where no part is: the year before, what is held or the catalogue has changed',
    area_zh         String COMMENT 'its Chinese name',
    area_en         String COMMENT 'its English name',
    part_indicator  LowCardinality(String) COMMENT 'id of the indicator of that part',
    part_period     LowCardinality(String) COMMENT 'period of that part',
    value_then      Nullable(Decimal(38, 12)) COMMENT 'that part in the release; NULL is none',
    value_now       Nullable(Decimal(38, 12)) COMMENT 'that part now; NULL is none',
    held_then       Array(String) COMMENT 'ids of figures that were held then and would have changed the total; see holds',
    held_now        Array(String) COMMENT 'ids of those that are held now',
    total_with_held_then Nullable(Decimal(38, 12)) COMMENT 'what the total would have been with them, in unit; NULL where none was held',
    total_with_held_now Nullable(Decimal(38, 12)) COMMENT 'what it would be now; NULL where none is',
    change_reason_then LowCardinality(String) COMMENT 'why there was no change in the release',
    change_reason_now LowCardinality(String) COMMENT 'why there is none now',
    differing       Array(String) COMMENT 'what differs, by the columns of totals',
    submission_then String COMMENT 'id of the submission that it came from',
    submission_now  String COMMENT 'id of the submission that it comes from now',
    by              LowCardinality(String) COMMENT 'who sent that',
    file            String COMMENT 'name of its file',
    received_at     DateTime64(3, 'UTC') COMMENT 'when the broker stored it, UTC'
)
AS WITH
    parts AS
    (
        SELECT
            name, indicator, period, area, part_indicator, part_period,
            anyIf(tuple(value), side = 'then').1 AS value_then, anyIf(tuple(value), side = 'now').1 AS value_now,
            anyIf(submission, side = 'then') AS submission_then, anyIf(submission, side = 'now') AS submission_now, anyIf(sequence, side = 'now') AS sequence_now,
            max(catalogue) = min(catalogue) AS same_catalogue -- else a value may only be in another unit
        FROM
        (
            SELECT 'then' AS side, name, indicator, period, part.area AS area, part.indicator AS part_indicator, if(part.period = '', period, part.period) AS part_period, part.value AS value, part.submission AS submission, part.sequence AS sequence, catalogue
            FROM releases ARRAY JOIN inputs AS part
            UNION ALL
            SELECT 'now', n.name, t.indicator, t.period, part.area, part.indicator, if(part.period = '', t.period, part.period), part.value, part.submission, part.sequence, t.catalogue
            FROM totals_latest AS t ARRAY JOIN t.inputs AS part
            INNER JOIN (SELECT DISTINCT name, period FROM releases) AS n ON n.period = t.period
        )
        GROUP BY name, indicator, period, area, part_indicator, part_period
        HAVING value_then IS DISTINCT FROM value_now AND (same_catalogue OR submission_then != submission_now)
    ),
    ['value', 'unit', 'stage', 'status', 'qualifier', 'change', 'change_kind', 'change_absolute', 'change_reason', 'expected', 'missing', 'publishable', 'flags',
        'change_qualifier', 'change_areas', 'carried', 'held', 'held_areas', 'value_with_held', 'change_with_held', 'qualifier_with_held', 'change_qualifier_with_held'] AS told,
    totals_of_both AS
    (
        SELECT
            name, indicator, period, anyIf(tuple(value), side = 'then').1 AS total_then, anyIf(tuple(value), side = 'now').1 AS total_now,
            anyIf(unit, side = 'then') AS unit_then, anyIf(unit, side = 'now') AS unit_now,
            anyIf(tuple(change), side = 'then').1 AS change_then, anyIf(tuple(change), side = 'now').1 AS change_now,
            anyIf(change_reason, side = 'then') AS change_reason_then, anyIf(change_reason, side = 'now') AS change_reason_now,
            anyIf(held, side = 'then') AS held_then, anyIf(held, side = 'now') AS held_now,
            anyIf(tuple(value_with_held), side = 'then').1 AS total_with_held_then, anyIf(tuple(value_with_held), side = 'now').1 AS total_with_held_now,
            arrayFilter((column, a, b) -> a != b, told, arrayResize(anyIf(content, side = 'then'), length(told), ' '), arrayResize(anyIf(content, side = 'now'), length(told), ' ')) AS differing
        FROM
        (
            SELECT
                side, name, indicator, period, value, unit, change, change_reason, held, value_with_held,
                [ifNull(toString(value), ''), toString(unit), toString(stage), toString(status), toString(qualifier), ifNull(toString(change), ''), toString(change_kind), ifNull(toString(change_absolute), ''),
                    toString(change_reason), toString(expected), toString(missing), toString(publishable), toString(flags), toString(change_qualifier), toString(change_areas), toString(carried),
                    toString(held), toString(held_areas), ifNull(toString(value_with_held), ''), ifNull(toString(change_with_held), ''), toString(qualifier_with_held), toString(change_qualifier_with_held)] AS content
            FROM
            (
                SELECT
                    'then' AS side, name, indicator, period, value, unit, stage, status, qualifier, change, change_kind, change_absolute, change_reason, expected, missing, publishable, flags,
                    change_qualifier, change_areas, carried, held, held_areas, value_with_held, change_with_held, qualifier_with_held, change_qualifier_with_held
                FROM releases
                UNION ALL
                SELECT
                    'now', n.name, t.indicator, t.period, t.value, t.unit, t.stage, t.status, t.qualifier, t.change, t.change_kind, t.change_absolute, t.change_reason, t.expected, t.missing, t.publishable, t.flags,
                    t.change_qualifier, t.change_areas, t.carried, t.held, t.held_areas, t.value_with_held, t.change_with_held, t.qualifier_with_held, t.change_qualifier_with_held
                FROM totals_latest AS t
                INNER JOIN (SELECT DISTINCT name, period FROM releases) AS n ON n.period = t.period
            )
        )
        GROUP BY name, indicator, period
        HAVING notEmpty(differing)
    )
SELECT
    m.name AS release, m.indicator AS indicator, i.name_zh AS indicator_zh, i.name_en AS indicator_en, m.period AS period, p.name_zh AS period_zh, p.name_en AS period_en,
    m.total_then AS total_then, m.total_now AS total_now, if(m.unit_then = m.unit_now, m.total_now - m.total_then, NULL) AS difference, if(m.unit_now = '', m.unit_then, m.unit_now) AS unit, m.unit_then AS unit_then, m.change_then AS change_then, m.change_now AS change_now,
    f.area AS area, if(a.name_zh = '', f.area, a.name_zh) AS area_zh, if(a.name_en = '', f.area, a.name_en) AS area_en, f.part_indicator AS part_indicator, f.part_period AS part_period,
    f.value_then AS value_then, f.value_now AS value_now, m.held_then AS held_then, m.held_now AS held_now,
    m.total_with_held_then AS total_with_held_then, m.total_with_held_now AS total_with_held_now,
    m.change_reason_then AS change_reason_then, m.change_reason_now AS change_reason_now, m.differing AS differing, f.submission_then AS submission_then, f.submission_now AS submission_now,
    s.by AS by, s.file AS file, s.received_at AS received_at
FROM totals_of_both AS m
LEFT JOIN parts AS f ON f.name = m.name AND f.indicator = m.indicator AND f.period = m.period
LEFT JOIN indicators AS i ON i.id = m.indicator
INNER JOIN periods AS p ON p.code = m.period
LEFT JOIN areas AS a ON a.code = f.area
LEFT ANY JOIN submissions AS s ON s.sequence = f.sequence_now
COMMENT 'What has moved since each release: totals, the areas'' parts that moved them, and what is held';

CREATE OR REPLACE VIEW release_figures ON CLUSTER `city`
(
    release      LowCardinality(String) COMMENT 'name of the release',
    indicator    LowCardinality(String) COMMENT 'id of the indicator',
    indicator_zh String COMMENT 'its Chinese name',
    indicator_en String COMMENT 'its English name',
    period       LowCardinality(String) COMMENT 'SDMX period',
    period_zh    String COMMENT 'its Chinese name: 2021年1—6月',
    period_en    String COMMENT 'its English name: January to June 2021',
    area         LowCardinality(String) COMMENT 'code of the area',
    area_zh      String COMMENT 'its Chinese name',
    area_en      String COMMENT 'its English name',
    kind         LowCardinality(String) COMMENT 'district, carved_out, or city where the city itself reports',
    value        Nullable(Decimal(38, 12)) COMMENT 'exact figure of the area that is in the release, in unit; of a ratio that of its own parts; NULL where a part is missing or zero',
    rank         UInt64 COMMENT 'place by value from the highest, from 1; equal values share one; 0 is none',
    unit         LowCardinality(String) COMMENT 'unit of value',
    total        Nullable(Decimal(38, 12)) COMMENT 'the city total in the release',
    created_at   DateTime64(3, 'UTC') COMMENT 'when it was released, UTC'
)
AS WITH
    ended AS -- what became of an area that ended, where all of it became part of one other
    (
        SELECT g.area AS area, min(g.heir) AS heir, any(assumeNotNull(b.valid_to)) AS day
        FROM (SELECT arrayJoin(predecessors) AS area, code AS heir FROM areas UNION ALL SELECT part.1, code FROM areas ARRAY JOIN gained AS part) AS g
        INNER JOIN areas AS b ON b.code = g.area
        WHERE b.valid_to IS NOT NULL
        GROUP BY area HAVING count() = 1
    ),
    steps AS
    (
        SELECT area, arraySort(groupArray((day, heir))) AS heirs FROM
        (
            SELECT area, day, heir FROM ended
            UNION ALL SELECT a.area, b.day, b.heir FROM ended AS a INNER JOIN ended AS b ON b.area = a.heir
            UNION ALL SELECT a.area, c.day, c.heir FROM ended AS a INNER JOIN ended AS b ON b.area = a.heir INNER JOIN ended AS c ON c.area = b.heir
        )
        GROUP BY area
    ),
    (area, heirs, day) -> if(notEmpty(arrayFilter(heir -> heir.1 <= day, heirs)), arrayFilter(heir -> heir.1 <= day, heirs)[-1].2, area) AS member -- whose figure a part counts in
SELECT
    release, indicator, indicator_zh, indicator_en, period, period_zh, period_en, area, area_zh, area_en, kind, value,
    if(value IS NULL, 0, rank() OVER (PARTITION BY release, indicator, period, value IS NULL ORDER BY value DESC)) AS rank, unit, total, created_at
FROM
(
    SELECT
        r.name AS release, r.indicator AS indicator, any(i.name_zh) AS indicator_zh, any(i.name_en) AS indicator_en, r.period AS period, any(p.name_zh) AS period_zh, any(p.name_en) AS period_en,
        member(part.area, e.heirs, p.ends) AS area, any(a.name_zh) AS area_zh, any(a.name_en) AS area_en, any(a.kind) AS kind,
        sumIf(if(part.subtracted, -1, 1) * part.value, part.indicator = if(i.kind = 'ratio', i.numerator, r.indicator)) AS over,
        sumIf(if(part.subtracted, -1, 1) * part.value, i.kind = 'ratio' AND part.indicator = i.denominator) AS under,
        multiIf(any(i.kind) != 'ratio', accurateCastOrNull(over, 'Decimal(38, 12)'), ifNull(under, 0) = 0, NULL,
            accurateCastOrNull(round(divideDecimal(toDecimal256(assumeNotNull(over), 12) * any(i.factor), toDecimal256(if(ifNull(under, 0) = 0, 1, assumeNotNull(under)), 12), 24), 12), 'Decimal(38, 12)')) AS value,
        any(r.unit) AS unit, any(r.value) AS total, any(r.created_at) AS created_at
    FROM releases AS r
    ARRAY JOIN r.inputs AS part
    INNER JOIN indicators AS i ON i.id = r.indicator
    INNER JOIN periods AS p ON p.code = r.period
    LEFT JOIN steps AS e ON e.area = part.area
    INNER JOIN areas AS a ON a.code = member(part.area, e.heirs, p.ends)
    GROUP BY release, indicator, period, area
)
COMMENT 'The areas'' own figures that releases are made of';

CREATE OR REPLACE VIEW releases ON CLUSTER `city`
(
    name            String COMMENT 'name of the release',
    note            String COMMENT 'what the release is for',
    indicator       LowCardinality(String) COMMENT 'id of the indicator',
    period          LowCardinality(String) COMMENT 'SDMX period',
    year            UInt16 COMMENT 'calendar year of the period',
    value           Nullable(Decimal(38, 12)) COMMENT 'exact total in unit; NULL is no figure',
    unit            LowCardinality(String) COMMENT 'unit of value',
    stage           Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'stage of the total',
    status          LowCardinality(String) COMMENT 'A, I when a part is imputed, O when there is no value',
    qualifier       LowCardinality(String) COMMENT 'what the parts'' qualifiers join to',
    change          Nullable(Decimal(38, 12)) COMMENT 'change on the year before, unrounded: percent, or percentage points',
    change_kind     LowCardinality(String) COMMENT 'percent or point',
    change_absolute Nullable(Decimal(38, 12)) COMMENT 'absolute change, in unit',
    change_reason   LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, SIGN_CHANGE, MISSING_MEMBER (areas have not reported), HELD_MEMBER (what they have reported is held), BREAK …',
    have            UInt32 COMMENT 'expected areas that reported',
    expected        UInt32 COMMENT 'areas that were to report',
    missing         Array(String) COMMENT 'codes of expected areas that did not report; those whose figure is held are in held_areas',
    publishable     Bool COMMENT 'false where the total was released by force',
    flags           Array(String) COMMENT 'what is special: DERIVED from other periods, DERIVED_NEGATIVE when that came out below zero, OVERFLOW where a figure has more digits than there is room for',
    change_qualifier LowCardinality(String) COMMENT 'below, above or about: of change or, where there is none, of change_absolute',
    change_areas    Array(String) COMMENT 'codes of the areas because of which there is no change',
    carried         Array(String) COMMENT 'codes of the areas that are carried at an earlier stage',
    inputs          Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool)) COMMENT 'the parts to the digit, and the submission each came from; period where it is another than the total''s, subtracted where the figure is taken away',
    held            Array(String) COMMENT 'ids of figures that were held then and would have changed the total; see holds',
    held_areas      Array(String) COMMENT 'codes of the areas whose figures those are',
    value_with_held Nullable(Decimal(38, 12)) COMMENT 'what the total would have been with them',
    change_with_held Nullable(Decimal(38, 12)) COMMENT 'what its change on the year before would have been',
    qualifier_with_held LowCardinality(String) COMMENT 'qualifier of value_with_held: below, above or about',
    change_qualifier_with_held LowCardinality(String) COMMENT 'that of change_with_held',
    as_of           Nullable(DateTime64(3, 'UTC')) COMMENT 'last instant of receipt that counted, UTC; NULL is no bound',
    basis           UInt64 COMMENT 'highest sequence of ACCEPTED folded in',
    catalogue       LowCardinality(String) COMMENT 'version of the catalogue',
    created_at      DateTime64(3, 'UTC') COMMENT 'when it was released, UTC',
    absent          Array(String) COMMENT 'indicators that the release was known to lack: nobody had reported anything',
    by              String COMMENT 'who released it; empty where an earlier version did not record it',
    by_role         LowCardinality(String) COMMENT 'role of that person: operator, or that of a token',
    by_way          LowCardinality(String) COMMENT 'how that person came in: local or token',
    sequence        UInt64 COMMENT 'place in RELEASES'
)
AS WITH JSONExtract(releases_distributed.inputs, 'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS figures
SELECT
    name, note, indicator, period, year, value, unit, stage, status, qualifier, change, change_kind,
    change_absolute, change_reason, have, expected, arrayFilter(area -> NOT has(held_areas, area), releases_distributed.missing) AS missing, publishable, flags,
    change_qualifier, change_areas, carried,
    CAST(arrayMap((figure, indicator, stage) -> (figure.area, indicator, figure.value, stage, figure.qualifier, figure.submission, figure.sequence, figure.period, figure.subtracted),
        figures, arrayFill(word -> word != '', figures.indicator), arrayFill(word -> word != '', figures.stage)),
        'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS inputs,
    held, held_areas, value_with_held, change_with_held, qualifier_with_held, change_qualifier_with_held, as_of, basis, catalogue, computed_at AS created_at, absent, by, by_role, by_way, sequence
FROM releases_distributed FINAL
COMMENT 'City totals frozen under a name, for publication';

CREATE OR REPLACE VIEW runs ON CLUSTER `city`
(
    id                   String COMMENT 'id of the command',
    job                  LowCardinality(String) COMMENT 'what ran: recompute, check …',
    schedule             LowCardinality(String) COMMENT 'name of the schedule; manual where a person asked for another scope',
    trigger              LowCardinality(String) COMMENT 'schedule or manual',
    person               String COMMENT 'who asked for it; empty where the schedule did',
    slot                 Nullable(DateTime64(3, 'UTC')) COMMENT 'time the schedule fired for, UTC; NULL for a manual run',
    started_at           DateTime64(3, 'UTC') COMMENT 'UTC',
    finished_at          DateTime64(3, 'UTC') COMMENT 'UTC',
    duration_seconds     Float64 COMMENT 'finished_at − started_at, in seconds',
    period               String COMMENT 'period it was bound to, or began with; empty is all',
    until                String COMMENT 'period it ended with; empty is period alone',
    indicator            String COMMENT 'indicator it was bound to; empty is all',
    area                 String COMMENT 'area it was bound to; empty is all',
    full                 Bool COMMENT 'whether what had not changed was computed, too',
    basis                UInt64 COMMENT 'highest sequence of ACCEPTED folded in',
    catalogue            LowCardinality(String) COMMENT 'version of the catalogue',
    cells                UInt64 COMMENT 'totals computed',
    changed              UInt64 COMMENT 'totals that differed from those shown and were published again',
    observations_missing UInt64 COMMENT 'accepted observations that were missing or altered here and were stored again',
    imbalances           Array(String) COMMENT 'where this database did not show what the log holds when the run began',
    mended               UInt64 COMMENT 'rows that were stored again or removed, to make this database hold what the log says',
    healed               Bool COMMENT 'true where there were imbalances and everything balanced at the end',
    did                  Array(String) COMMENT 'what the run did beside',
    problem              String COMMENT 'why it ended early; empty when it ended well',
    sequence             UInt64 COMMENT 'place in TOTALS'
)
AS SELECT
    id, job, schedule, trigger, person, slot, started_at, finished_at,
    dateDiff('millisecond', started_at, finished_at) / 1000 AS duration_seconds, period, until, indicator, area, full,
    basis, catalogue, cells, changed, observations_missing, imbalances, mended, healed, did, problem, sequence
FROM runs_distributed
ORDER BY id, sequence
LIMIT 1 BY id
COMMENT 'Runs of jobs, one row for each, though its record was written twice';

CREATE OR REPLACE VIEW submissions ON CLUSTER `city`
(
    id                String COMMENT 'id of the submission: the same content has the same id, for ever',
    area              LowCardinality(String) COMMENT 'code of the area that reported',
    dataset           LowCardinality(String) COMMENT 'dataset reported',
    outcome           LowCardinality(String) COMMENT 'accepted, partial, held or rejected',
    repeated          Bool COMMENT 'true when the same content had been accepted before and nothing changed',
    sequence          UInt64 COMMENT 'place of the message in SUBMISSIONS',
    accepted_sequence UInt64 COMMENT 'place of its observations in ACCEPTED; 0 is none',
    received_at       DateTime64(3, 'UTC') COMMENT 'when the broker stored it, UTC',
    decided_at        DateTime64(3, 'UTC') COMMENT 'when it was validated, UTC',
    via               LowCardinality(String) COMMENT 'how it came in: http, cli, folder …; empty is NATS',
    by                LowCardinality(String) COMMENT 'who authenticated',
    file              String COMMENT 'name of the file',
    rows              UInt32 COMMENT 'observations in it: accepted + held + rejected',
    accepted          UInt32 COMMENT 'observations accepted',
    held              UInt32 COMMENT 'observations that are held, and wait for an explanation or the bureau',
    rejected          UInt32 COMMENT 'observations refused',
    catalogue         LowCardinality(String) COMMENT 'version of the catalogue it was judged by'
)
AS SELECT
    id, area, dataset, outcome, repeated, sequence, accepted_sequence, received_at, decided_at, via,
    by, file, rows, accepted, held, rejected, catalogue
FROM submissions_distributed FINAL
COMMENT 'What became of each message in SUBMISSIONS';

CREATE OR REPLACE VIEW total_parts ON CLUSTER `city`
(
    indicator      LowCardinality(String) COMMENT 'id of the indicator',
    indicator_zh   String COMMENT 'its Chinese name',
    indicator_en   String COMMENT 'its English name',
    period         LowCardinality(String) COMMENT 'SDMX period',
    period_zh      String COMMENT 'its Chinese name: 2021年1—6月',
    period_en      String COMMENT 'its English name: January to June 2021',
    year           UInt16 COMMENT 'calendar year of the period',
    area           LowCardinality(String) COMMENT 'code of the area that it is from',
    area_zh        String COMMENT 'its Chinese name',
    area_en        String COMMENT 'its English name',
    outcome        LowCardinality(String) COMMENT 'counted or subtracted; left out as held, refused, no_figure (stated), not_counted (a zone inside a district), or missing: nothing has been reported',
    value          Nullable(Decimal(38, 12)) COMMENT 'its exact value; NULL is none',
    unit           LowCardinality(String) COMMENT 'unit of the total',
    part_indicator LowCardinality(String) COMMENT 'id of the indicator that it is a figure of: of a ratio one of its parts',
    part_period    LowCardinality(String) COMMENT 'period that it was reported for; another than period where the total is derived',
    message_zh     String COMMENT 'why it was left out, in Chinese',
    message_en     String COMMENT 'why it was left out, in English',
    submission     String COMMENT 'id of the submission that set it, or was refused or held; empty is none',
    sequence       UInt64 COMMENT 'place of the submission in SUBMISSIONS; 0 is none',
    file           String COMMENT 'name of the file it came from',
    row            UInt32 COMMENT 'row in the file, counted from 1',
    raw            String COMMENT 'text of the value as received, where it differs from value',
    by             LowCardinality(String) COMMENT 'who authenticated',
    received_at    DateTime64(3, 'UTC') COMMENT 'when the broker stored the submission, UTC',
    confirmed_by   String COMMENT 'id of the last submission that has said the same since; empty is none',
    confirmed_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'when the broker stored that, UTC; NULL is none'
)
AS WITH
    cells AS (SELECT indicator, period FROM totals_latest),
    last_said AS -- the best vintage of each cell, as in observations_latest: it is the setter's or confirms it
    (
        SELECT indicator, period, area, value, unit, stage, status, qualifier, submission, sequence, received_at FROM observations_distributed
        WHERE entity = ''
        ORDER BY indicator, period, area, epoch DESC, stage DESC, sequence DESC, accepted_sequence DESC
        LIMIT 1 BY indicator, period, area
    ),
    said AS
    (
        SELECT
            t.indicator AS indicator, t.period AS period, part.area AS area, part.indicator AS part_indicator, if(part.period = '', t.period, part.period) AS part_period,
            if(part.subtracted, 'subtracted', 'counted') AS outcome, part.value AS value, part.submission AS submission, part.sequence AS sequence, toUInt32(0) AS row, '' AS file,
            '' AS message_zh, '' AS message_en
        FROM totals_latest AS t
        ARRAY JOIN t.inputs AS part
        UNION ALL
        SELECT
            o.indicator, o.period, o.area, o.indicator, o.period, if(o.status = 'O', 'no_figure', 'not_counted'), o.value, o.submission, o.sequence, o.row, o.file,
            if(o.status = 'O', '报送单位说明本期无数', '功能区，其数已含在所在区县内'), if(o.status = 'O', 'the area says that there is no figure', 'a zone inside a district, whose figure contains it')
        FROM observations_latest AS o
        WHERE (o.indicator, o.period, o.area) IN
            (
                SELECT indicator, period, area FROM observations_distributed
                WHERE entity = '' AND (indicator, period) IN cells AND (status = 'O' OR area IN (SELECT code FROM areas WHERE kind = 'inside'))
            )
            AND (o.status = 'O' OR o.area IN (SELECT code FROM areas WHERE kind = 'inside'))
        UNION ALL
        SELECT
            indicator, period, area, indicator, period, if(state = 'pending', 'held', 'refused'), value, submission, sequence, row, file,
            arrayStringConcat(messages_zh, '；'), arrayStringConcat(messages_en, '; ')
        FROM holds
        WHERE state IN ('pending', 'refused') AND (indicator, period) IN cells
        UNION ALL
        SELECT
            t.indicator, t.period, h.area, h.indicator, h.period, 'held', h.value, h.submission, h.sequence, h.row, h.file,
            arrayStringConcat(h.messages_zh, '；'), arrayStringConcat(h.messages_en, '; ')
        FROM (SELECT indicator, period, year, arrayJoin(held) AS hold FROM totals_latest) AS t
        INNER JOIN holds AS h ON h.id = t.hold
        WHERE (h.indicator, h.period) != (t.indicator, t.period) AND h.year = t.year -- not of the base
        UNION ALL
        SELECT f.indicator, f.period, f.area, f.indicator, f.period, 'refused', NULL, f.submission, f.sequence, f.row, '', f.message_zh, f.message_en
        FROM findings AS f
        WHERE f.severity = 'reject' AND (f.indicator, f.period) IN cells
        UNION ALL
        SELECT indicator, period, arrayJoin(missing), indicator, period, 'missing', NULL, '', 0, 0, '', '未报送', 'has not reported'
        FROM totals_latest
    ),
    s.outcome NOT IN ('held', 'refused', 'missing') AND o.sequence != 0 AND l.sequence != s.sequence
        AND (isNull(l.value), ifNull(l.value, 0), l.unit, l.stage, l.status, l.qualifier) = (isNull(o.value), ifNull(o.value, 0), o.unit, o.stage, o.status, o.qualifier) AS confirms
SELECT
    s.indicator AS indicator, i.name_zh AS indicator_zh, i.name_en AS indicator_en, s.period AS period, p.name_zh AS period_zh, p.name_en AS period_en, p.year AS year,
    s.area AS area, if(a.name_zh = '', s.area, a.name_zh) AS area_zh, if(a.name_en = '', s.area, a.name_en) AS area_en, s.outcome AS outcome, s.value AS value, i.unit AS unit,
    s.part_indicator AS part_indicator, s.part_period AS part_period, s.message_zh AS message_zh, s.message_en AS message_en,
    s.submission AS submission, s.sequence AS sequence, if(s.file = '', o.file, s.file) AS file, if(s.row = 0, o.row, s.row) AS row, o.raw AS raw, o.by AS by, o.received_at AS received_at,
    if(confirms, l.submission, '') AS confirmed_by, if(confirms, l.received_at, NULL) AS confirmed_at
FROM said AS s
INNER JOIN indicators AS i ON i.id = s.indicator
INNER JOIN periods AS p ON p.code = s.period
LEFT JOIN areas AS a ON a.code = s.area
LEFT ANY JOIN observations AS o ON o.sequence = s.sequence AND o.area = s.area AND o.indicator = s.part_indicator AND o.period = s.part_period
LEFT ANY JOIN last_said AS l ON l.area = s.area AND l.indicator = s.part_indicator AND l.period = s.part_period
COMMENT 'What each latest city total is made of, figure by figure, and what was left out and why';

CREATE OR REPLACE VIEW totals ON CLUSTER `city`
(
    indicator       LowCardinality(String) COMMENT 'id of the indicator',
    period          LowCardinality(String) COMMENT 'SDMX period',
    year            UInt16 COMMENT 'calendar year of the period',
    value           Nullable(Decimal(38, 12)) COMMENT 'exact total in unit; NULL is no figure',
    unit            LowCardinality(String) COMMENT 'unit of value',
    stage           Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'lowest stage of the parts',
    status          LowCardinality(String) COMMENT 'A, I when a part is imputed, O when there is no value, X when the total no longer follows from what is in force',
    qualifier       LowCardinality(String) COMMENT 'what the parts'' qualifiers join to',
    change          Nullable(Decimal(38, 12)) COMMENT 'change on the year before, unrounded: percent, or percentage points',
    change_kind     LowCardinality(String) COMMENT 'percent or point',
    change_absolute Nullable(Decimal(38, 12)) COMMENT 'absolute change, in unit',
    change_reason   LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, SIGN_CHANGE, MISSING_MEMBER (areas have not reported), HELD_MEMBER (what they have reported is held), BREAK …',
    have            UInt32 COMMENT 'expected areas that reported',
    expected        UInt32 COMMENT 'areas that were to report',
    missing         Array(String) COMMENT 'codes of expected areas that did not report; those whose figure is held are in held_areas',
    publishable     Bool COMMENT 'what the indicator''s coverage policy says',
    flags           Array(String) COMMENT 'what is special: DERIVED from other periods, DERIVED_NEGATIVE when that came out below zero, OVERFLOW where a figure has more digits than there is room for',
    change_qualifier LowCardinality(String) COMMENT 'below, above or about: of change or, where there is none, of change_absolute',
    change_areas    Array(String) COMMENT 'codes of the areas because of which there is no change',
    carried         Array(String) COMMENT 'codes of the areas that are carried at an earlier stage',
    inputs          Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool)) COMMENT 'the parts to the digit, and the submission each came from; period where it is another than the total''s, subtracted where the figure is taken away',
    held            Array(String) COMMENT 'ids of figures that are held and would change the total; see holds',
    held_areas      Array(String) COMMENT 'codes of the areas whose figures those are',
    value_with_held Nullable(Decimal(38, 12)) COMMENT 'what the total would be with them; NULL where held is empty, or there would be no figure',
    change_with_held Nullable(Decimal(38, 12)) COMMENT 'what its change on the year before would be',
    qualifier_with_held LowCardinality(String) COMMENT 'qualifier of value_with_held: below, above or about',
    change_qualifier_with_held LowCardinality(String) COMMENT 'that of change_with_held',
    basis           UInt64 COMMENT 'highest sequence of ACCEPTED folded in',
    trigger         LowCardinality(String) COMMENT 'what caused the computation: stream, schedule or manual',
    catalogue       LowCardinality(String) COMMENT 'version of the catalogue',
    computed_at     DateTime64(3, 'UTC') COMMENT 'when it was computed, UTC',
    sequence        UInt64 COMMENT 'place in TOTALS'
)
AS WITH JSONExtract(totals_distributed.inputs, 'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS figures
SELECT
    indicator, period, year, value, unit, stage, status, qualifier, change, change_kind,
    change_absolute, change_reason, have, expected, arrayFilter(area -> NOT has(held_areas, area), totals_distributed.missing) AS missing, publishable, flags,
    change_qualifier, change_areas, carried,
    CAST(arrayMap((figure, indicator, stage) -> (figure.area, indicator, figure.value, stage, figure.qualifier, figure.submission, figure.sequence, figure.period, figure.subtracted),
        figures, arrayFill(word -> word != '', figures.indicator), arrayFill(word -> word != '', figures.stage)),
        'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS inputs,
    held, held_areas, value_with_held, change_with_held, qualifier_with_held, change_qualifier_with_held, basis, trigger, catalogue, computed_at, sequence
FROM totals_distributed FINAL
COMMENT 'Every version of every city total';

CREATE OR REPLACE VIEW totals_latest ON CLUSTER `city`
(
    indicator       LowCardinality(String) COMMENT 'id of the indicator',
    period          LowCardinality(String) COMMENT 'SDMX period',
    year            UInt16 COMMENT 'calendar year of the period',
    value           Nullable(Decimal(38, 12)) COMMENT 'exact total in unit; NULL is no figure',
    unit            LowCardinality(String) COMMENT 'unit of value',
    stage           Enum8('' = 0, 'forecast' = 1, 'estimate' = 2, 'flash' = 3, 'final' = 4) COMMENT 'lowest stage of the parts',
    status          LowCardinality(String) COMMENT 'A, I when a part is imputed, O when there is no value',
    qualifier       LowCardinality(String) COMMENT 'what the parts'' qualifiers join to',
    change          Nullable(Decimal(38, 12)) COMMENT 'change on the year before, unrounded: percent, or percentage points',
    change_kind     LowCardinality(String) COMMENT 'percent or point',
    change_absolute Nullable(Decimal(38, 12)) COMMENT 'absolute change, in unit',
    change_reason   LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, SIGN_CHANGE, MISSING_MEMBER (areas have not reported), HELD_MEMBER (what they have reported is held), BREAK …',
    have            UInt32 COMMENT 'expected areas that reported',
    expected        UInt32 COMMENT 'areas that were to report',
    missing         Array(String) COMMENT 'codes of expected areas that did not report; those whose figure is held are in held_areas',
    publishable     Bool COMMENT 'what the indicator''s coverage policy says',
    flags           Array(String) COMMENT 'what is special: DERIVED from other periods, DERIVED_NEGATIVE when that came out below zero, OVERFLOW where a figure has more digits than there is room for',
    change_qualifier LowCardinality(String) COMMENT 'below, above or about: of change or, where there is none, of change_absolute',
    change_areas    Array(String) COMMENT 'codes of the areas because of which there is no change',
    carried         Array(String) COMMENT 'codes of the areas that are carried at an earlier stage',
    inputs          Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool)) COMMENT 'the parts to the digit, and the submission each came from; period where it is another than the total''s, subtracted where the figure is taken away',
    held            Array(String) COMMENT 'ids of figures that are held and would change the total; see holds',
    held_areas      Array(String) COMMENT 'codes of the areas whose figures those are',
    value_with_held Nullable(Decimal(38, 12)) COMMENT 'what the total would be with them; NULL where held is empty, or there would be no figure',
    change_with_held Nullable(Decimal(38, 12)) COMMENT 'what its change on the year before would be',
    qualifier_with_held LowCardinality(String) COMMENT 'qualifier of value_with_held: below, above or about',
    change_qualifier_with_held LowCardinality(String) COMMENT 'that of change_with_held',
    basis           UInt64 COMMENT 'highest sequence of ACCEPTED folded in',
    trigger         LowCardinality(String) COMMENT 'what caused the computation: stream, schedule or manual',
    catalogue       LowCardinality(String) COMMENT 'version of the catalogue',
    computed_at     DateTime64(3, 'UTC') COMMENT 'when it was computed, UTC',
    sequence        UInt64 COMMENT 'place in TOTALS'
)
AS WITH JSONExtract(latest.inputs, 'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS figures
SELECT
    indicator, period, year, value, unit, stage, status, qualifier, change, change_kind,
    change_absolute, change_reason, have, expected, arrayFilter(area -> NOT has(held_areas, area), latest.missing) AS missing, publishable, flags,
    change_qualifier, change_areas, carried,
    CAST(arrayMap((figure, indicator, stage) -> (figure.area, indicator, figure.value, stage, figure.qualifier, figure.submission, figure.sequence, figure.period, figure.subtracted),
        figures, arrayFill(word -> word != '', figures.indicator), arrayFill(word -> word != '', figures.stage)),
        'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS inputs,
    held, held_areas, value_with_held, change_with_held, qualifier_with_held, change_qualifier_with_held, basis, trigger, catalogue, computed_at, sequence
FROM (SELECT * FROM totals_distributed ORDER BY indicator, period, basis DESC, sequence DESC LIMIT 1 BY indicator, period) AS latest
WHERE status != 'X'
COMMENT 'The latest version of each city total: the highest basis, then the highest sequence; none where that says that it no longer follows';
