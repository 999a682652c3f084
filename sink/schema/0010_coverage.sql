-- What each area owes by when, as the calendar in use says, and the versions of the calendar.

CREATE TABLE IF NOT EXISTS calendars_data
(
    version   String,
    synced_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(synced_at)
ORDER BY version
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Calendar versions ever in use; the one synced last is shown in obligations';

CREATE TABLE IF NOT EXISTS obligations_data
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
ENGINE = ReplacingMergeTree(synced_at)
ORDER BY (calendar, dataset, period, area)
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Obligations of every calendar version; read obligations and coverage';

-- views: c55502c090fff95068e880e22dde8dcc606d5975b8db5491e6c527d74560f093
