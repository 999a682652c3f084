package event

import "slices"

// Add adds the verdict on another part of the same submission: counts are added up, findings and
// changes follow.
func (v *Verdict) Add(part *Verdict) {
	if v.Outcome != part.Outcome {
		v.Outcome = Partial
	}
	v.Repeated = v.Repeated && part.Repeated
	v.Rows, v.Accepted, v.Held, v.RejectedRows, v.Silent = v.Rows+part.Rows, v.Accepted+part.Accepted, v.Held+part.Held, v.RejectedRows+part.RejectedRows, v.Silent+part.Silent
	effects := slices.Clone(v.Effects)
	for _, e := range part.Effects {
		at := slices.IndexFunc(effects, func(of RowEffect) bool { return of.Effect == e.Effect })
		if at < 0 {
			effects = append(effects, e)
			continue
		}
		effects[at].Count += e.Count
		effects[at].Rows += "," + e.Rows
	}
	v.Effects = effects
	v.Changes, v.ChangesOmitted = slices.Concat(v.Changes, part.Changes), v.ChangesOmitted+part.ChangesOmitted
	v.Findings, v.FindingsOmitted = slices.Concat(v.Findings, part.Findings), v.FindingsOmitted+part.FindingsOmitted
}
