-- A figure that was sent again unchanged keeps the submission that set it; the last that confirmed
-- it stands beside. The views observations_latest and total_parts change, and no table.

-- views: eba702ae66ecaad60df009420a09ad470a8062e718336156ea9667995a77d72a
