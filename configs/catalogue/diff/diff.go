// Package diff says what differs between two catalogues, and what that does.
//
// In come two catalogues, and out comes a [Difference] for each field of each element,
// with its effect on the city's totals. What never happens: a catalogue is changed.
package diff

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// Effect says what a change of the catalogue does to the city's totals.
type Effect string

// The effects, from the least to the greatest.
const (
	// ShownOnly: names and rounding in reports change; no figure does.
	ShownOnly Effect = "shown_only"
	// AcceptedOnly: it changes what is accepted from now on; no total changes.
	AcceptedOnly Effect = "accepted_only"
	// PublishableOnly: it changes whether a total may be published; no figure changes.
	PublishableOnly Effect = "publishable_only"
	// ChangesOnly: changes on the year before become other ones; totals stay.
	ChangesOnly Effect = "changes_only"
	// TotalsChange: totals become other ones, and with them changes on the year before.
	TotalsChange Effect = "totals_change"
)

// Difference is one thing that differs between two catalogues.
type Difference struct {
	// Section is city, programmes, areas, datasets or indicators. ID is the code or id of
	// the element that differs.
	Section string `json:"section"`
	ID      string `json:"id"`
	// Action is added, removed, changed or moved.
	Action string `json:"action"`
	// Field is the field that changed, by its key in the file, and From and To its values.
	Field string `json:"field,omitempty"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
	// Effect is what the difference does. Totals are the indicators whose totals it
	// concerns; empty is every indicator whose total is a sum of areas.
	Effect Effect   `json:"effect"`
	Totals []string `json:"totals,omitempty"`
	// Since and Until bound the periods concerned, by the period's last day: Since is the
	// first day that counts, Until the first that no longer does; zero is no bound.
	Since catalogue.Date `json:"since,omitzero"`
	Until catalogue.Date `json:"until,omitzero"`
}

// Between lists what differs from one catalogue to another, in the order of the sections and of
// their elements.
func Between(from, to *catalogue.Catalogue) []Difference {
	d := &differ{from: from, to: to}
	if from.City != to.City {
		d.add(Difference{Section: "city", ID: to.City, Action: "changed", Field: "city", From: from.City, To: to.City, Effect: TotalsChange})
	}
	if from.TimeZone != to.TimeZone {
		d.add(Difference{Section: "city", ID: to.City, Action: "changed", Field: "time_zone", From: from.TimeZone, To: to.TimeZone, Effect: AcceptedOnly})
	}
	if was, now := fmt.Sprint(from.UnitSynonyms), fmt.Sprint(to.UnitSynonyms); was != now {
		d.add(Difference{Section: "city", ID: to.City, Action: "changed", Field: "unit_synonyms", From: was, To: now, Effect: AcceptedOnly})
	}
	compareSection(d, "programmes", from.Programmes, to.Programmes, func(p *catalogue.Programme) string { return p.ID }, shownOnlyEffect[catalogue.Programme])
	compareSection(d, "areas", from.Areas, to.Areas, func(a *catalogue.Area) string { return a.Code }, areaEffect)
	compareSection(d, "datasets", from.Datasets, to.Datasets, func(s *catalogue.Dataset) string { return s.ID }, datasetEffect)
	compareSection(d, "indicators", from.Indicators, to.Indicators, func(i *catalogue.Indicator) string { return i.ID }, d.indicatorEffect)
	return d.all
}

type differ struct {
	from, to *catalogue.Catalogue
	all      []Difference
}

func (d *differ) add(difference Difference) { d.all = append(d.all, difference) }

// compareSection compares two lists of elements by id, field by field. The function effect
// fills in what a difference does; for an added or removed element one of its elements is
// nil.
func compareSection[T any](d *differ, section string, from, to []T, id func(*T) string, effect func(*Difference, *T, *T)) {
	before := map[string]*T{}
	for i := range from {
		before[id(&from[i])] = &from[i]
	}
	after := map[string]bool{}
	for i := range to {
		now := &to[i]
		after[id(now)] = true
		was := before[id(now)]
		if was == nil {
			difference := Difference{Section: section, ID: id(now), Action: "added"}
			effect(&difference, nil, now)
			d.add(difference)
			continue
		}
		for _, field := range changedFields(was, now) {
			difference := Difference{Section: section, ID: id(now), Action: "changed", Field: field.name, From: field.from, To: field.to}
			effect(&difference, was, now)
			d.add(difference)
		}
	}
	for i := range from {
		if was := &from[i]; !after[id(was)] {
			difference := Difference{Section: section, ID: id(was), Action: "removed"}
			effect(&difference, was, nil)
			d.add(difference)
		}
	}
	for _, moved := range movedIDs(from, to, id) {
		d.add(Difference{Section: section, ID: moved, Action: "moved", Effect: ShownOnly})
	}
}

// movedIDs returns the elements of both lists whose order differs: those outside of the
// longest ascending sequence, which is the fewest that have to be moved.
func movedIDs[T any](from, to []T, id func(*T) string) []string {
	place := map[string]int{}
	for i := range from {
		place[id(&from[i])] = i
	}
	var common []string
	for i := range to {
		if _, ok := place[id(&to[i])]; ok {
			common = append(common, id(&to[i]))
		}
	}
	// The length of the longest ascending sequence that ends at each element, and the
	// element before it in that sequence.
	length, previous, best := make([]int, len(common)), make([]int, len(common)), -1
	for i := range common {
		length[i], previous[i] = 1, -1
		for j := range i {
			if place[common[j]] < place[common[i]] && length[j]+1 > length[i] {
				length[i], previous[i] = length[j]+1, j
			}
		}
		if best < 0 || length[i] > length[best] {
			best = i
		}
	}
	kept := map[int]bool{}
	for i := best; i >= 0; i = previous[i] {
		kept[i] = true
	}
	var moved []string
	for i, id := range common {
		if !kept[i] {
			moved = append(moved, id)
		}
	}
	return moved
}

type changedField struct{ name, from, to string }

func changedFields(from, to any) []changedField {
	was, now := reflect.ValueOf(from).Elem(), reflect.ValueOf(to).Elem()
	var changed []changedField
	for i := range was.NumField() {
		name := was.Type().Field(i).Tag.Get("yaml")
		if name == "" {
			continue
		}
		if a, b := fieldText(was.Field(i)), fieldText(now.Field(i)); a != b {
			changed = append(changed, changedField{name, a, b})
		}
	}
	return changed
}

// fieldText returns a field's value about as the file has it.
func fieldText(v reflect.Value) string {
	if v.IsZero() {
		return ""
	}
	if v.Kind() == reflect.Slice {
		var all []string
		for i := range v.Len() {
			all = append(all, fieldText(v.Index(i)))
		}
		return strings.Join(all, ", ")
	}
	if text, ok := v.Interface().(interface{ MarshalText() ([]byte, error) }); ok {
		if b, err := text.MarshalText(); err == nil {
			return string(b)
		}
	}
	return fmt.Sprint(v.Interface())
}

func shownOnlyEffect[T any](d *Difference, _, _ *T) { d.Effect = ShownOnly }

// areaEffect fills in the effect of a difference in an area. An area that counts towards the
// city changes every sum of the periods in which it begins or ceases to count.
func areaEffect(d *Difference, was, now *catalogue.Area) {
	d.Effect = ShownOnly
	switch {
	case was == nil || now == nil:
		a := cmp.Or(was, now)
		d.Effect = AcceptedOnly
		if a.Additive() {
			d.Effect, d.Since, d.Until = TotalsChange, a.ValidFrom, a.ValidTo
		}
	case d.Field == "kind":
		d.Effect = AcceptedOnly
		if was.Additive() != now.Additive() {
			d.Effect, d.Since, d.Until = TotalsChange, now.ValidFrom, now.ValidTo
		}
	case d.Field == "valid_from" || d.Field == "valid_to":
		d.Effect = AcceptedOnly
		if now.Additive() {
			d.Effect = TotalsChange
			d.Since, d.Until = validityMoved(d.Field, was, now)
		}
	case d.Field == "predecessors":
		d.Effect, d.Since = ChangesOnly, now.ValidFrom
	case d.Field == "gained":
		d.Effect = ChangesOnly
		for _, gain := range slices.Concat(was.Gained, now.Gained) {
			if d.Since.IsZero() || gain.Day.Before(d.Since.Time) {
				d.Since = gain.Day
			}
		}
	case d.Field == "host":
		d.Effect = AcceptedOnly
	}
}

// validityMoved returns the days between the earlier and the later value of valid_from or
// valid_to.
func validityMoved(field string, was, now *catalogue.Area) (since, until catalogue.Date) {
	a, b := was.ValidFrom, now.ValidFrom
	if field == "valid_to" {
		a, b = was.ValidTo, now.ValidTo
	}
	switch {
	case field == "valid_from" && (a.IsZero() || b.IsZero()):
		return catalogue.Date{}, cmp.Or(a, b)
	case a.IsZero() || b.IsZero():
		return cmp.Or(a, b), catalogue.Date{}
	case a.Before(b.Time):
		return a, b
	}
	return b, a
}

func datasetEffect(d *Difference, _, _ *catalogue.Dataset) {
	d.Effect = AcceptedOnly
	if d.Field == "name_zh" || d.Field == "name_en" {
		d.Effect = ShownOnly
	}
}

// indicatorEffects are the effects of the fields of an indicator that do not change its
// totals.
var indicatorEffects = map[string]Effect{
	"aliases": AcceptedOnly,
	"meaning": ShownOnly, "population": ShownOnly, "source": ShownOnly,
	"name_zh": ShownOnly, "name_en": ShownOnly, "programme": ShownOnly, "decimals": ShownOnly, "change_decimals": ShownOnly, "rounding": ShownOnly,
	"minimum": AcceptedOnly, "maximum": AcceptedOnly, "at_most": AcceptedOnly, "grows_by": AcceptedOnly, "shrinks_by": AcceptedOnly, "datasets": AcceptedOnly, "frequency": AcceptedOnly, "growth_prices": AcceptedOnly,
	"coverage": PublishableOnly, "change": ChangesOnly,
}

// indicatorEffect fills in the effect of a difference in an indicator. What changes its total
// changes the totals of the ratios that depend on it.
func (d *differ) indicatorEffect(difference *Difference, _, _ *catalogue.Indicator) {
	effect, ok := indicatorEffects[difference.Field]
	if !ok {
		effect = TotalsChange
	}
	difference.Effect = effect
	if effect == ShownOnly || effect == AcceptedOnly {
		return
	}
	totals := []string{difference.ID}
	if effect == TotalsChange {
		for _, c := range []*catalogue.Catalogue{d.from, d.to} {
			for _, ratio := range c.Dependents(difference.ID) {
				if !slices.Contains(totals, ratio.ID) {
					totals = append(totals, ratio.ID)
				}
			}
		}
	}
	difference.Totals = totals
}
