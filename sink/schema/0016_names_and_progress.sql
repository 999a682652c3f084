-- Headings by name, the rules that a decision put in force, and how far each step of the
-- pipeline has come. The views that answer by names are new: periods, figures, total_parts,
-- release_figures, release_changes and progress.

ALTER TABLE indicators_data
    ADD COLUMN IF NOT EXISTS programme_zh String AFTER programme,
    ADD COLUMN IF NOT EXISTS programme_en String AFTER programme_zh;

ALTER TABLE decisions_data
    ADD COLUMN IF NOT EXISTS rules String AFTER catalogue;

CREATE TABLE IF NOT EXISTS progress_data
(
    stream      LowCardinality(String),
    step        LowCardinality(String),
    reached     UInt64,
    last        UInt64,
    waiting     UInt64,
    complete_to Nullable(DateTime64(3, 'UTC')),
    measured_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(measured_at)
ORDER BY (stream, step)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'How far each step has come, as the sinks look at it; read progress';

-- views: 7d1565d6c3f88edcd3a96b71a1e371b922a46f1b4147971a41715760299c48d3
