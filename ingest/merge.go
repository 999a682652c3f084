package ingest

import (
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

// Merge puts the receipts of the parts of one submission together, for people: what they count is
// added up, and findings and changes follow each other. The others stay as they are.
func Merge(receipts []Receipt) []Receipt {
	var merged []Receipt
	for i := range receipts {
		r := receipts[i]
		last := len(merged) - 1
		if r.Part == nil || last < 0 || merged[last].Part == nil || !event.SameWhole(merged[last].ID, r.ID) {
			if r.Part != nil && r.Verdict != nil {
				v := *r.Verdict
				r.Verdict = &v
			}
			merged = append(merged, r)
			continue
		}
		whole := &merged[last]
		whole.Rows += r.Rows
		whole.Repeated = whole.Repeated && r.Repeated
		if whole.Verdict == nil || r.Verdict == nil {
			whole.Status, whole.Verdict = Received, nil
			continue
		}
		whole.Verdict.Add(r.Verdict)
		whole.Status = string(whole.Verdict.Outcome)
		if whole.Held != nil || r.Held != nil {
			held := inquiry.Standing{}
			for _, s := range []*inquiry.Standing{whole.Held, r.Held} {
				if s != nil {
					held.Add(*s)
				}
			}
			whole.standAs(&held)
		}
	}
	return merged
}
