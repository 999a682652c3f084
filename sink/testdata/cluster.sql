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

CREATE OR REPLACE TABLE areas_distributed ON CLUSTER `city` AS areas_data ENGINE = Distributed('city', 'citytally', 'areas_data') COMMENT 'The copies of areas_data on the cluster, for reading';

CREATE OR REPLACE TABLE calendars_distributed ON CLUSTER `city` AS calendars_data ENGINE = Distributed('city', 'citytally', 'calendars_data') COMMENT 'The copies of calendars_data on the cluster, for reading';

CREATE OR REPLACE TABLE catalogues_distributed ON CLUSTER `city` AS catalogues_data ENGINE = Distributed('city', 'citytally', 'catalogues_data') COMMENT 'The copies of catalogues_data on the cluster, for reading';

CREATE OR REPLACE TABLE datasets_distributed ON CLUSTER `city` AS datasets_data ENGINE = Distributed('city', 'citytally', 'datasets_data') COMMENT 'The copies of datasets_data on the cluster, for reading';

CREATE OR REPLACE TABLE decisions_distributed ON CLUSTER `city` AS decisions_data ENGINE = Distributed('city', 'citytally', 'decisions_data') COMMENT 'The copies of decisions_data on the cluster, for reading';

CREATE OR REPLACE TABLE holds_distributed ON CLUSTER `city` AS holds_data ENGINE = Distributed('city', 'citytally', 'holds_data') COMMENT 'The copies of holds_data on the cluster, for reading';

CREATE OR REPLACE TABLE indicators_distributed ON CLUSTER `city` AS indicators_data ENGINE = Distributed('city', 'citytally', 'indicators_data') COMMENT 'The copies of indicators_data on the cluster, for reading';

CREATE OR REPLACE TABLE obligations_distributed ON CLUSTER `city` AS obligations_data ENGINE = Distributed('city', 'citytally', 'obligations_data') COMMENT 'The copies of obligations_data on the cluster, for reading';

CREATE OR REPLACE TABLE observations_distributed ON CLUSTER `city` AS observations_data ENGINE = Distributed('city', 'citytally', 'observations_data') COMMENT 'The copies of observations_data on the cluster, for reading';

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
    rows_refused      UInt64 COMMENT 'rows refused, of the indicators owed',
    revisions         UInt64 COMMENT 'how often a figure or its status was changed after it had been accepted'
)
AS WITH
    figures AS
    (
        SELECT
            area, begins, ends, indicator, max(item_in_force) AS in_force, max(item_newest) AS newest,
            minIf(item_first_at, item_reported) AS first_at, sum(item_vintages) AS vintages, sum(item_changes) AS changes
        FROM
        (
            SELECT
                area, period, indicator, entity, any(period_start) AS begins, any(period_end) AS ends,
                argMax(status, (epoch, stage, sequence, accepted_sequence)) != 'X' AS item_in_force,
                max(sequence) AS item_newest,
                minIf(received_at, status != 'X') AS item_first_at,
                countIf(status != 'X') > 0 AS item_reported,
                uniqExact(sequence) AS item_vintages,
                length(arrayCompact(arrayMap(v -> (v.2, v.3), arraySort(groupArray((sequence, concat(ifNull(toString(value), ''), entity_name, ifNull(toString(valid_from), ''), ifNull(toString(valid_to), ''), registered_area), status)))))) - 1 AS item_changes
            FROM observations_distributed
            GROUP BY area, period, indicator, entity
        )
        GROUP BY area, begins, ends, indicator
    ),
    problems AS
    (
        SELECT
            area, dataset, period, indicator,
            maxIf(sequence, is_held) AS newest_held,
            maxIf(sequence, NOT is_held) AS newest_refused,
            uniqExactIf((sequence, row), NOT is_held) AS rows_refused
        FROM
        (
            SELECT area, dataset, period, indicator, sequence, row, false AS is_held FROM findings WHERE severity = 'reject'
            UNION ALL
            SELECT area, dataset, period, indicator, sequence, row, state = 'pending' AS is_held FROM holds WHERE state IN ('pending', 'refused')
        )
        GROUP BY area, dataset, period, indicator
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
    SELECT area, dataset, period, year, period_start, period_end, deadline, grace, provisional, arrayJoin(indicators) AS indicator
    FROM obligations
) AS o
LEFT JOIN figures AS f ON f.area = o.area AND f.begins = o.period_start AND f.ends = o.period_end AND f.indicator = o.indicator
LEFT JOIN problems AS p ON p.area = o.area AND p.dataset = o.dataset AND p.period = o.period AND p.indicator = o.indicator
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
    rows_refused   UInt64 COMMENT 'rows refused, of the indicators owed',
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
    sequence   UInt64 COMMENT 'place in ACCEPTED',
    number     UInt32 COMMENT 'number within its message, from 1'
)
AS SELECT
    kind, period, indicator, area, reason, by, by_role, by_way, decided_at, catalogue, sequence, number
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
    decided_at DateTime64(3, 'UTC') COMMENT 'when it was found, UTC'
)
AS SELECT
    id AS submission, area, dataset, sequence, number, code, severity, row, column, indicator,
    period, seen, message_zh, message_en, decided_at
FROM submissions_distributed FINAL
ARRAY JOIN
    arrayEnumerate(finding_code) AS number, finding_code AS code, finding_severity AS severity,
    finding_row AS row, finding_column AS column, finding_indicator AS indicator, finding_period AS period,
    finding_seen AS seen, finding_message_zh AS message_zh, finding_message_en AS message_en
COMMENT 'What validation had to say, with its place';

CREATE OR REPLACE VIEW hold_statements ON CLUSTER `city`
(
    id                String COMMENT 'id of the held figure: place of its submission in SUBMISSIONS, and its row',
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
    toString(sequence) || '.' || toString(row) AS id, event AS kind, area, submission, text, person, role, way, at, accepted_sequence
FROM holds_distributed FINAL
WHERE event != 'held'
COMMENT 'What was said and decided about held figures: explanations, releases and refusals, all of them';

CREATE OR REPLACE VIEW holds ON CLUSTER `city`
(
    id                String COMMENT 'id of the held figure: place of its submission in SUBMISSIONS, and its row',
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
            SELECT indicator, period, area, epoch, stage, sequence, accepted_sequence FROM observations_distributed
            WHERE (indicator, period, area) IN (SELECT indicator, period, area FROM holds_distributed WHERE event = 'held')
            UNION ALL
            SELECT indicator, period, area, epoch, stage, sequence, accepted_sequence FROM holds_distributed WHERE event = 'held'
        ) AS o ON o.indicator = h.indicator AND o.period = h.period AND o.area = h.area
        WHERE (o.epoch, o.stage, o.sequence) > (h.epoch, h.stage, h.sequence)
        GROUP BY sequence, row
    )
SELECT
    toString(h.sequence) || '.' || toString(h.row) AS id,
    multiIf(s.decided > 0 AND (b.ended = 0 OR s.decided < b.ended), if(s.decision_kind = 'release', 'released', 'refused'), b.ended > 0, 'superseded', 'pending') AS state,
    h.area AS area, h.dataset AS dataset, h.indicator AS indicator, h.period AS period, h.year AS year, h.value AS value, h.unit AS unit,
    h.stage AS stage, h.status AS status, h.qualifier AS qualifier, h.releaser AS releaser, h.codes AS codes, h.messages_zh AS messages_zh, h.messages_en AS messages_en,
    s.explanations AS explanations, s.explanation AS explanation,
    if(state IN ('released', 'refused'), s.decided_by, '') AS decided_by,
    if(state IN ('released', 'refused'), s.decided_at, NULL) AS decided_at,
    if(state IN ('released', 'refused'), s.decision, '') AS decision,
    h.note AS note, h.reason AS reason, h.file AS file, h.submission AS submission, h.sequence AS sequence, h.row AS row, h.accepted_sequence AS accepted_sequence, h.at AS received_at
FROM held AS h
LEFT JOIN said AS s ON s.sequence = h.sequence AND s.row = h.row
LEFT JOIN better AS b ON b.sequence = h.sequence AND b.row = h.row
COMMENT 'Every figure that is or was held, and what has become of it; one that is pending takes part in no total';

CREATE OR REPLACE VIEW indicators ON CLUSTER `city`
(
    id              String COMMENT 'id of the indicator',
    name_zh         String COMMENT 'Chinese name',
    name_en         String COMMENT 'English name',
    programme       String COMMENT 'heading of the report',
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
    id, name_zh, name_en, programme, unit, kind, city_total, counts_for, numerator, denominator, factor, change,
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
FROM
(
    SELECT * FROM observations_distributed
    WHERE entity = ''
    ORDER BY indicator, period, area, epoch DESC, stage DESC, sequence DESC, accepted_sequence DESC
    LIMIT 1 BY indicator, period, area
)
WHERE status != 'X'
COMMENT 'The best vintage of each cell: the latest epoch, the highest stage, then the highest sequence; none where that was withdrawn';

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
    change_reason   LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, SIGN_CHANGE, MISSING_MEMBER, BREAK …',
    have            UInt32 COMMENT 'expected areas that reported',
    expected        UInt32 COMMENT 'areas that were to report',
    missing         Array(String) COMMENT 'codes of expected areas that did not report',
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
    change_absolute, change_reason, have, expected, missing, publishable, flags,
    change_qualifier, change_areas, carried,
    CAST(arrayMap((figure, indicator, stage) -> (figure.area, indicator, figure.value, stage, figure.qualifier, figure.submission, figure.sequence, figure.period, figure.subtracted),
        figures, arrayFill(word -> word != '', figures.indicator), arrayFill(word -> word != '', figures.stage)),
        'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS inputs,
    held, held_areas, value_with_held, change_with_held, as_of, basis, catalogue, computed_at AS created_at, absent, by, by_role, by_way, sequence
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
    change_reason   LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, SIGN_CHANGE, MISSING_MEMBER, BREAK …',
    have            UInt32 COMMENT 'expected areas that reported',
    expected        UInt32 COMMENT 'areas that were to report',
    missing         Array(String) COMMENT 'codes of expected areas that did not report',
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
    basis           UInt64 COMMENT 'highest sequence of ACCEPTED folded in',
    trigger         LowCardinality(String) COMMENT 'what caused the computation: stream, schedule or manual',
    catalogue       LowCardinality(String) COMMENT 'version of the catalogue',
    computed_at     DateTime64(3, 'UTC') COMMENT 'when it was computed, UTC',
    sequence        UInt64 COMMENT 'place in TOTALS'
)
AS WITH JSONExtract(totals_distributed.inputs, 'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS figures
SELECT
    indicator, period, year, value, unit, stage, status, qualifier, change, change_kind,
    change_absolute, change_reason, have, expected, missing, publishable, flags,
    change_qualifier, change_areas, carried,
    CAST(arrayMap((figure, indicator, stage) -> (figure.area, indicator, figure.value, stage, figure.qualifier, figure.submission, figure.sequence, figure.period, figure.subtracted),
        figures, arrayFill(word -> word != '', figures.indicator), arrayFill(word -> word != '', figures.stage)),
        'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS inputs,
    held, held_areas, value_with_held, change_with_held, basis, trigger, catalogue, computed_at, sequence
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
    change_reason   LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, SIGN_CHANGE, MISSING_MEMBER, BREAK …',
    have            UInt32 COMMENT 'expected areas that reported',
    expected        UInt32 COMMENT 'areas that were to report',
    missing         Array(String) COMMENT 'codes of expected areas that did not report',
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
    basis           UInt64 COMMENT 'highest sequence of ACCEPTED folded in',
    trigger         LowCardinality(String) COMMENT 'what caused the computation: stream, schedule or manual',
    catalogue       LowCardinality(String) COMMENT 'version of the catalogue',
    computed_at     DateTime64(3, 'UTC') COMMENT 'when it was computed, UTC',
    sequence        UInt64 COMMENT 'place in TOTALS'
)
AS WITH JSONExtract(latest.inputs, 'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS figures
SELECT
    indicator, period, year, value, unit, stage, status, qualifier, change, change_kind,
    change_absolute, change_reason, have, expected, missing, publishable, flags,
    change_qualifier, change_areas, carried,
    CAST(arrayMap((figure, indicator, stage) -> (figure.area, indicator, figure.value, stage, figure.qualifier, figure.submission, figure.sequence, figure.period, figure.subtracted),
        figures, arrayFill(word -> word != '', figures.indicator), arrayFill(word -> word != '', figures.stage)),
        'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS inputs,
    held, held_areas, value_with_held, change_with_held, basis, trigger, catalogue, computed_at, sequence
FROM (SELECT * FROM totals_distributed ORDER BY indicator, period, basis DESC, sequence DESC LIMIT 1 BY indicator, period) AS latest
WHERE status != 'X'
COMMENT 'The latest version of each city total: the highest basis, then the highest sequence; none where that says that it no longer follows';
