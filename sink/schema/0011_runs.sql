-- Runs of jobs: what ran, who asked for it, its bounds, and what it found and mended.

ALTER TABLE runs_data
    ADD COLUMN IF NOT EXISTS job LowCardinality(String) DEFAULT 'recompute' AFTER id,
    ADD COLUMN IF NOT EXISTS person String AFTER trigger,
    ADD COLUMN IF NOT EXISTS until String AFTER period,
    ADD COLUMN IF NOT EXISTS area String AFTER indicator,
    ADD COLUMN IF NOT EXISTS full Bool AFTER area,
    ADD COLUMN IF NOT EXISTS imbalances Array(String) AFTER observations_missing,
    ADD COLUMN IF NOT EXISTS mended UInt64 AFTER imbalances,
    ADD COLUMN IF NOT EXISTS healed Bool AFTER mended,
    ADD COLUMN IF NOT EXISTS did Array(String) AFTER healed;

-- views: bde749e1749f8b39febc325f4cf5f75888333bf648a34ce0d1699778c9d1f02a
