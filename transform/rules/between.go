package rules

import (
	"encoding/json"
	"maps"
	"slices"
)

// Difference is one thing that differs between two sets of rules.
type Difference struct {
	Rule string `json:"rule"`
	// Action is added, removed or changed.
	Action string `json:"action"`
	// Field is the key that changed, and From and To are what it is in JSON; "" where it is
	// left out.
	Field string `json:"field,omitempty"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// Between lists what differs from one set to another, in the order of the rules of the latter.
func Between(from, to *Set) (all []Difference) {
	for i := range to.All() {
		now := &to.All()[i]
		was, known := from.Rule(now.ID)
		if !known {
			all = append(all, Difference{Rule: now.ID, Action: "added"})
			continue
		}
		before, after := fieldsOf(was), fieldsOf(now)
		names := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if a, b := string(before[name]), string(after[name]); a != b {
				all = append(all, Difference{Rule: now.ID, Action: "changed", Field: name, From: a, To: b})
			}
		}
	}
	for i := range from.All() {
		if was := &from.All()[i]; !slices.ContainsFunc(to.All(), func(r Rule) bool { return r.ID == was.ID }) {
			all = append(all, Difference{Rule: was.ID, Action: "removed"})
		}
	}
	return all
}

// fieldsOf returns the fields of a rule in JSON, by their keys.
func fieldsOf(r *Rule) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil {
		panic(err) // a rule is plain data
	}
	return fields
}
