-- Which log the tables were filled from, and up to where those of its streams went of which no rows are
-- made: what the log itself loses with a stream is told by this. No view reads it.

CREATE TABLE IF NOT EXISTS log_data
(
    stream     LowCardinality(String),
    log        String,
    generation UInt64,
    last       UInt64,
    seen_at    DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY stream
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'The log that the tables are filled from, and up to where its streams went';

-- views: 5473ba7bdb8014c1ba1be42c2051ba43ff5d2d869d371ff80e8cfa54facac37d
