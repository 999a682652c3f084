-- City totals that were frozen under a name. A release never changes, so its
-- name and the indicator are the key.

CREATE TABLE IF NOT EXISTS releases_data
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
ENGINE = ReplacingMergeTree
ORDER BY (name, indicator)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'City totals frozen under a name. Read releases';

CREATE VIEW IF NOT EXISTS releases
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
    change_reason   LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, BREAK …',
    have            UInt32 COMMENT 'expected areas that reported',
    expected        UInt32 COMMENT 'areas that were to report',
    missing         Array(String) COMMENT 'codes of expected areas that did not report',
    publishable     Bool COMMENT 'false where the total was released by force',
    flags           Array(String) COMMENT 'what is special: DERIVED from other periods, DERIVED_NEGATIVE when that came out below zero',
    inputs          Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool)) COMMENT 'the parts to the digit, and the submission each came from; period where it is another than the total''s, subtracted where the figure is taken away',
    as_of           Nullable(DateTime64(3, 'UTC')) COMMENT 'last instant of receipt that counted, UTC; NULL is no bound',
    basis           UInt64 COMMENT 'highest sequence of ACCEPTED folded in',
    catalogue       LowCardinality(String) COMMENT 'version of the catalogue',
    created_at      DateTime64(3, 'UTC') COMMENT 'when it was released, UTC',
    sequence        UInt64 COMMENT 'place in RELEASES'
)
AS SELECT
    name, note, indicator, period, year, value, unit, stage, status, qualifier, change, change_kind,
    change_absolute, change_reason, have, expected, missing, publishable, flags,
    CAST(arrayZip(input_area, input_indicator, input_value, input_stage, input_qualifier, input_submission, input_sequence,
            input_period, input_subtracted),
        'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS inputs,
    as_of, basis, catalogue, computed_at AS created_at, sequence
FROM releases_data FINAL
COMMENT 'City totals frozen under a name, for publication';
