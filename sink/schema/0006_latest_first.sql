-- The latest version of a total is chosen before its inputs are read, and not
-- after those of every version.

CREATE OR REPLACE VIEW totals_latest
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
    change_reason   LowCardinality(String) COMMENT 'why there is no change: BASE_MISSING, BASE_ZERO, BASE_NEGATIVE, BREAK …',
    have            UInt32 COMMENT 'expected areas that reported',
    expected        UInt32 COMMENT 'areas that were to report',
    missing         Array(String) COMMENT 'codes of expected areas that did not report',
    publishable     Bool COMMENT 'what the indicator''s coverage policy says',
    flags           Array(String) COMMENT 'what is special: DERIVED from other periods, DERIVED_NEGATIVE when that came out below zero',
    inputs          Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool)) COMMENT 'the parts to the digit, and the submission each came from; period where it is another than the total''s, subtracted where the figure is taken away',
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
    CAST(arrayMap((figure, indicator, stage) -> (figure.area, indicator, figure.value, stage, figure.qualifier, figure.submission, figure.sequence, figure.period, figure.subtracted),
        figures, arrayFill(word -> word != '', figures.indicator), arrayFill(word -> word != '', figures.stage)),
        'Array(Tuple(area String, indicator String, value Nullable(Decimal(38, 12)), stage String, qualifier String, submission String, sequence UInt64, period String, subtracted Bool))') AS inputs,
    basis, trigger, catalogue, computed_at, sequence
FROM (SELECT * FROM totals_data ORDER BY indicator, period, basis DESC, sequence DESC LIMIT 1 BY indicator, period) AS latest
COMMENT 'The latest version of each city total: the highest basis, then the highest sequence';
