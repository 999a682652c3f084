-- The meaning and validity of indicators, parts of areas that were handed over, what a
-- release was known to lack, and who acted: releases and decisions name their person.

ALTER TABLE areas_data
    ADD COLUMN IF NOT EXISTS gained_from Array(String) AFTER predecessors,
    ADD COLUMN IF NOT EXISTS gained_on Array(Date32) AFTER gained_from;

ALTER TABLE indicators_data
    ADD COLUMN IF NOT EXISTS meaning String AFTER datasets,
    ADD COLUMN IF NOT EXISTS population String AFTER meaning,
    ADD COLUMN IF NOT EXISTS source String AFTER population,
    ADD COLUMN IF NOT EXISTS redefined Array(Date32) AFTER source,
    ADD COLUMN IF NOT EXISTS valid_from Nullable(Date32) AFTER redefined,
    ADD COLUMN IF NOT EXISTS valid_to Nullable(Date32) AFTER valid_from;

ALTER TABLE releases_data
    ADD COLUMN IF NOT EXISTS absent Array(String),
    ADD COLUMN IF NOT EXISTS by String,
    ADD COLUMN IF NOT EXISTS by_role LowCardinality(String),
    ADD COLUMN IF NOT EXISTS by_way LowCardinality(String);

CREATE TABLE IF NOT EXISTS decisions_data
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
ENGINE = ReplacingMergeTree
ORDER BY (sequence, number)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Decisions of the bureau; read decisions';

-- views: 07904b83c796b92e26b9996bd8fa034b6dd921f5613f222424c107e6f2f1428b
