-- Figures that are held, what was said and decided about them, and what totals would be with
-- them.

CREATE TABLE IF NOT EXISTS holds_data
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
ENGINE = ReplacingMergeTree
ORDER BY (accepted_sequence, place)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Rows that are held, and what was said and decided about them, as the sink writes them; read holds and hold_statements';

ALTER TABLE totals_data
    ADD COLUMN IF NOT EXISTS held Array(String),
    ADD COLUMN IF NOT EXISTS held_areas Array(String),
    ADD COLUMN IF NOT EXISTS value_with_held Nullable(Decimal(38, 12)),
    ADD COLUMN IF NOT EXISTS change_with_held Nullable(Decimal(38, 12));

ALTER TABLE releases_data
    ADD COLUMN IF NOT EXISTS held Array(String),
    ADD COLUMN IF NOT EXISTS held_areas Array(String),
    ADD COLUMN IF NOT EXISTS value_with_held Nullable(Decimal(38, 12)),
    ADD COLUMN IF NOT EXISTS change_with_held Nullable(Decimal(38, 12));

-- views: e83d3621a167dddfaa69c04456c3976e6e87cfb8547ee7f684cf4735af2edb82
