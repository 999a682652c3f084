-- A figure that was sent again unchanged keeps the submission that set it; the last that confirmed
-- it stands beside. An area whose figure is held is told as held, and no more as missing too. The views
-- observations_latest, total_parts, totals, totals_latest, releases, figures and coverage change, and no table.

-- views: d96c4cd0ad84760bcd37b1d96dd63c7b20b82d253fb94c9175848970003975ef
