-- A figure that was sent again unchanged keeps the submission that set it; the last that confirmed
-- it stands beside. An area whose figure is held is told as held, and no more as missing too. The views
-- observations_latest, total_parts, totals, totals_latest, releases and figures change, and no table.

-- views: 207e8560adf75f94230116ba01dab9d1e2878ecd97e2483111c835eb11a6ad0a
