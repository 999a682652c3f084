package catalogue

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func period(t *testing.T, code string) Period {
	t.Helper()
	p, err := ParsePeriod(code)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOrigins(t *testing.T) {
	c := load(t, "../catalogue.yaml")
	for _, test := range []struct {
		code, before string
		want         string
		known        bool
	}{
		{"320812", "2021", "[320812]", true},
		{"320812", "2015", "[320802 320811]", true},
		{"320813", "2015", "[320829]", true},
		{"320803", "2015", "[320803]", true},
		{"999999", "2021", "[]", false},
	} {
		got, known := c.Origins(test.code, period(t, test.before), period(t, "2022"))
		if fmt.Sprint(got) != test.want || known != test.known {
			t.Errorf("%s since %s: want %s, %v, got %s, %v", test.code, test.before, test.want, test.known, got, known)
		}
	}
}

// The territories of 2021 and 2020, written as areas of 2020 = areas of 2021.
//
// Rules: territory.
func TestTerritories(t *testing.T) {
	for _, test := range []struct {
		name, areas string
		want        string
		broken      string // or new
	}{
		{"nothing happened", "a; b; z carved_out; i inside host: a", "a = a; b = b; z = z", ""},
		{"an earlier merger", `old valid_to: "2019-06-01"; a valid_from: "2019-06-01", predecessors: [old]`, "a = a", ""},
		{"a merger", `p valid_to: "2021-06-01"; q valid_to: "2021-06-01"; m valid_from: "2021-06-01", predecessors: [p, q]; b`, "b = b; p q = m", ""},
		{"a split", `p valid_to: "2021-06-01"; m valid_from: "2021-06-01", predecessors: [p]; n valid_from: "2021-06-01", predecessors: [p]`, "p = m n", ""},
		{"merged and split at once", `p valid_to: "2021-06-01"; q valid_to: "2021-06-01"; m valid_from: "2021-06-01", predecessors: [p, q]; n valid_from: "2021-06-01", predecessors: [q]`, "p q = m n", ""},
		{"a part handed over", `a; b gained: [{from: a, day: "2021-06-01"}]; d`, "a b = a b; d = d", ""},
		{"handed over a year earlier", `a; b gained: [{from: a, day: "2020-12-31"}]`, "a = a; b = b", ""},
		{"handed over on the first day", `a; b gained: [{from: a, day: "2021-01-01"}]`, "a b = a b", ""},
		{"handed both ways", `a gained: [{from: b, day: "2021-06-01"}]; b gained: [{from: a, day: "2021-06-01"}]`, "a b = a b", ""},
		{"handed on", `a; b gained: [{from: a, day: "2021-03-01"}]; d gained: [{from: b, day: "2021-06-01"}]`, "a b d = a b d", ""},
		{"new, of a part", `a; n valid_from: "2021-06-01", gained: [{from: a, day: "2021-06-01"}]`, "a = a n", ""},
		{"new, with part of an area that goes on", `a; p valid_to: "2021-06-01"; n valid_from: "2021-06-01", predecessors: [p], gained: [{from: a, day: "2021-06-01"}]`, "a p = a n", ""},
		{"a zone given back", `a gained: [{from: z, day: "2021-06-01"}]; z carved_out valid_to: "2021-06-01"`, "a z = a", ""},
		{"a zone made inside", `a; z carved_out valid_to: "2021-06-01"; i inside host: a, valid_from: "2021-06-01", predecessors: [z]`, "a z = a", ""},
		{"a zone inside carved out", `a; i inside host: a, valid_to: "2021-06-01"; z carved_out valid_from: "2021-06-01", predecessors: [i]`, "a = a z", ""},
		{"a zone inside changes hosts", `a; b; i inside host: a, valid_to: "2021-06-01"; j inside host: b, valid_from: "2021-06-01", predecessors: [i]`, "a b = a b", ""},
		{"a zone inside keeps its host", `a; b; i inside host: a, valid_to: "2021-06-01"; j inside host: a, valid_from: "2021-06-01", predecessors: [i]`, "a = a; b = b", ""},
		{"a zone inside grows", `a; b; i inside host: a, gained: [{from: b, day: "2021-06-01"}]`, "a b = a b", ""},
		{"merged and split again", `p valid_to: "2021-03-01"; q valid_to: "2021-03-01"; m valid_from: "2021-03-01", valid_to: "2021-09-01", predecessors: [p, q]; r valid_from: "2021-09-01", predecessors: [m]; s valid_from: "2021-09-01", predecessors: [m]`, "p q = r s", ""},
		{"new from nowhere", `a; n valid_from: "2021-06-01"`, "a = a;  = n", "new: n"},
		{"gone", `a; p valid_to: "2021-06-01"`, "a = a; p = ", "p"},
		{"a gap between", `p valid_to: "2020-06-01"; m valid_from: "2021-06-01", predecessors: [p]`, " = m", "new: m"},
		{"a gap at the end", `p valid_to: "2021-06-01"; m valid_from: "2022-06-01", predecessors: [p]`, "p = ", "p"},
		{"a gap for one of two heirs", `p valid_to: "2021-06-01"; m valid_from: "2021-06-01", predecessors: [p]; n valid_from: "2022-06-01", predecessors: [p]`, "p = m", "p"},
		{"half from long ago", `q valid_to: "2020-06-01"; p valid_to: "2021-06-01"; m valid_from: "2021-06-01", predecessors: [p, q]`, "p = m", "m"},
	} {
		text := "city: c\nareas:\n  - {code: c, kind: city}\n"
		for area := range strings.SplitSeq(test.areas, "; ") {
			code, rest, _ := strings.Cut(area, " ")
			kind := District
			for _, other := range []AreaKind{CarvedOut, InsideZone} {
				if of, found := strings.CutPrefix(rest, string(other)); found {
					kind, rest = other, strings.TrimSpace(of)
				}
			}
			text += fmt.Sprintf("  - {code: %s, name_zh: %[1]s, name_en: %[1]s, kind: %s, %s}\n", code, kind, rest)
		}
		c, err := Parse([]byte(text + "datasets: [{id: d, periods: [year]}]\nindicators: [{id: x, unit: 家, datasets: [d]}]\n"))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		territories := c.Territories(period(t, "2020"), period(t, "2021"))
		broken := strings.Join(territories.Broken, " ")
		if len(territories.New) > 0 {
			broken = "new: " + strings.Join(territories.New, " ")
		}
		var got []string
		for _, of := range territories.All {
			got = append(got, strings.Join(of.Before, " ")+" = "+strings.Join(of.Now, " "))
		}
		if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" || broken != test.broken {
			t.Errorf("%s: want broken %q, got %q (-want +got):\n%s", test.name, test.broken, broken, diff)
		}
	}
}
