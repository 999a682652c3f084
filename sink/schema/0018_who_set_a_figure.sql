-- A figure that was sent again unchanged keeps the submission that set it; the last that confirmed
-- it stands beside. An area whose figure is held is told as held, and no more as missing too. The views
-- observations_latest, total_parts, totals, totals_latest, releases, figures and coverage change, and no table.

-- views: 5ac2f132d6a4c6beb41d6820776eaba999e41fe8dceffe0d80ee91c40901b871
