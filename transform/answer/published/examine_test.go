package published

import (
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

// A small city: a ratio of amounts, a ratio of counts, and parts with their wholes.
const town = `
city: c
areas: [{code: c, kind: city}]
datasets: [{id: d, periods: [year]}]
indicators:
  - {id: top, name_en: top, name_zh: 甲, unit: 亿元, minimum: 0, datasets: [d]}
  - {id: bottom, name_en: bottom, name_zh: 乙, unit: 亿元, minimum: 0, datasets: [d]}
  - {id: share, name_en: share, name_zh: 丙, unit: "%", city_total: ratio, numerator: top, denominator: bottom}
  - {id: some, name_en: some, name_zh: 丁, unit: 家, minimum: 0, datasets: [d], at_most: [all]}
  - {id: all, name_en: all, name_zh: 戊, unit: 家, minimum: 0, datasets: [d]}
  - {id: part, name_en: part, name_zh: 己, unit: "%", city_total: ratio, numerator: some, denominator: all}
  - {id: tenth, name_en: tenth, name_zh: 庚, unit: 万元, minimum: 0, datasets: [d], at_most: [top]}
`

func read(t testing.TB, text string) (*catalogue.Catalogue, []Control) {
	t.Helper()
	c, err := catalogue.Parse([]byte(town))
	if err != nil {
		t.Fatal(err)
	}
	controls, err := ReadControl("control.csv", strings.NewReader("id,value,qualifier,stage,change\n"+text), c)
	if err != nil {
		t.Fatal(err)
	}
	return c, controls
}

func TestExamine(t *testing.T) {
	for name, test := range map[string]struct {
		control string
		want    []string // code, indicator, and a piece of the message
	}{
		"nothing to say":             {"top,60,,,\nall,5,,,\n", nil},
		"a ratio that fits":          {"top,60,,,\nbottom,4300,,,\nshare,1.4,,,\n", nil},
		"a ratio that does not":      {"top,60,,,\nbottom,5000,,,\nshare,1.4,,,\n", []string{"CONTRADICTION top cannot all be true"}},
		"only if a level is rounded": {"top,60,,,\nbottom,4450,,,\nshare,1.4,,,\n", []string{"LEVEL_ROUNDED top only if the levels are rounded"}},
		"no whole number of parts":   {"all,3,,,\npart,50,,,\n", []string{"CONTRADICTION some cannot all be true"}},
		"the only whole number":      {"all,110,,,\npart,89,,,\n", []string{"IMPLIED some can only be 98 家: 98 of 110 = 89.09%"}},
		"a denominator":              {"top,60,,,\nshare,1.4,,,\n", []string{"IMPLIED bottom 4138–4444 亿元"}},
		"through what does not exceed": {
			"tenth,800000,,,\ntop,,,,\nshare,1.8,,,\nbottom,4400,,,\n",
			[]string{"IMPLIED top 80–81.4 亿元"},
		},
		"more than the whole":         {"some,12,,,\nall,11,,,\n", []string{"IMPLIED part 109.1%", "CONTRADICTION some cannot all be true"}},
		"in order":                    {"some,11,,,\nall,11,,,\n", []string{"IMPLIED part 100%", "ORDER_HOLDS some 11 ≤ 11"}},
		"in order in other units":     {"tenth,5000,,,\ntop,0.5,,,\n", []string{"ORDER_HOLDS tenth 5000 ≤ 0.5"}},
		"a base":                      {"all,2008,,,111.81\n", []string{"BASE_WHOLE all 948 家 (exactly +111.8143%)"}},
		"no base":                     {"all,582,,,4.6\n", []string{"BASE_NONE all 556 gives +4.68% (cut off instead of rounded: 4.6), 557 gives +4.49%"}},
		"no base at all":              {"all,3,,,4.6\n", []string{"BASE_NONE all 2 gives +50.00%, 3 gives 0.00%"}},
		"many bases":                  {"all,10000,,,5\n", []string{"BASE_RANGE all 9479–9569 家"}},
		"a base of money":             {"top,60,,,-4.0\n", []string{"BASE_RANGE top 62.467–62.533 亿元"}},
		"points finer than levels":    {"share,1.8,,,0.06\n", []string{"CHANGE_FINER share a base of 1.74%"}},
		"points as fine as levels":    {"share,1.4,,,0.4\n", []string{"BASE_RANGE share 0.9–1.1%"}},
		"points down":                 {"share,1.4,,,-0.4\n", []string{"BASE_RANGE share 1.7–1.9%"}},
		"a qualified level has bases": {"all,10,above,,50\n", []string{"BASE_RANGE all 8–12 家"}},
		"lost all":                    {"all,0,,,-100\n", []string{"BASE_RANGE all ≥ 0 家"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, controls := read(t, test.control)
			findings := Examine(c, controls)
			var got []string
			for i, f := range findings {
				line := f.Code + " " + f.Indicator + " " + f.EN
				if i < len(test.want) {
					words := strings.SplitN(test.want[i], " ", 3)
					if strings.HasPrefix(line, words[0]+" "+words[1]+" ") && strings.Contains(f.EN, words[2]) {
						line = test.want[i]
					}
				}
				if f.ZH == "" {
					t.Errorf("%s has no Chinese message", line)
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Figures rounded from one consistent truth never contradict each other, and the
// truth lies in every interval that they imply.
//
// Rules: published figures.
func TestTruthIsNeverContradicted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := func(name string, low, high int64) int64 { return rapid.Int64Range(low, high).Draw(t, name) }
		all := count("all", 1, 3000)
		some, before := count("some", 0, all), count("before", 1, 3000)
		top, bottom := count("top", 1, 50_000), count("bottom", 1, 50_000)
		over := func(a, b int64) *big.Rat { return big.NewRat(100*a, b) }
		places := int(count("places", 0, 3))
		levels := map[string]*big.Rat{
			"all": big.NewRat(all, 1), "some": big.NewRat(some, 1), "part": over(some, all),
			"top": big.NewRat(top, 100), "bottom": big.NewRat(bottom, 100), "share": over(top, bottom),
		}
		var text strings.Builder
		for _, id := range []string{"all", "some", "part", "top", "bottom", "share"} {
			if !rapid.Bool().Draw(t, "publish "+id) {
				continue
			}
			shown := levels[id].FloatString(places) // rounds halves away from zero
			if levels[id].IsInt() {
				shown = levels[id].FloatString(0)
			}
			text.WriteString(id + "," + shown + ",,,")
			if id == "all" {
				text.WriteString(over(all-before, before).FloatString(places))
			}
			text.WriteString("\n")
		}
		c, err := catalogue.Parse([]byte(town))
		if err != nil {
			t.Fatal(err)
		}
		controls, err := ReadControl("control.csv", strings.NewReader("id,value,qualifier,stage,change\n"+text.String()), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range Examine(c, controls) {
			if f.Irreproducible {
				t.Fatalf("%s\n%s: %s", text.String(), f.Code, f.EN)
			}
			if truth, ok := levels[f.Indicator]; f.Code == Implied && ok && !f.Wide.Contains(truth) {
				t.Fatalf("%s\n%s is not where it has to be: %s", text.String(), truth, f.EN)
			}
			if f.Code == BaseRange && !f.Interval.Contains(big.NewRat(before, 1)) {
				t.Fatalf("%s\nbase %d is not where it has to be: %s", text.String(), before, f.EN)
			}
		}
	})
}

func TestCompare(t *testing.T) {
	c, controls := read(t, "all,582,,estimate,4.6\nsome,40,below,,\nshare,1.4,,final,0.4\ntop,60,,,\nbottom,,,,\n")
	findings := Examine(c, controls)
	totals := []Total{
		{Indicator: "all", Value: "582", Change: "4.676258992806", Stage: "final"},
		{Indicator: "some", Value: "34", Qualifier: "below"},
		{Indicator: "share", Value: "1.44", Change: "0.45", Stage: "final"},
		{Indicator: "bottom", Value: "4500"},
	}
	got, err := Compare(controls, totals, findings)
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		Indicator   string
		Item        Item
		Verdict     Agreement
		Explained   string
		Stages      string
		Unexplained bool
	}
	var lines []line
	for i := range got {
		g := &got[i]
		lines = append(lines, line{g.Indicator, g.Item, g.Agreement, g.Explained, g.Stage + g.TotalStage, g.Unexplained()})
	}
	want := []line{
		{"all", Level, Agrees, "", "estimatefinal", false},
		{"all", Change, Truncated, BaseNone, "", false},
		{"some", Level, Differs, "", "", true},
		{"share", Level, Agrees, "", "", false},
		{"share", Change, Truncated, "", "", true},
		{"top", Level, Absent, "", "", true},
		{"bottom", Within, Differs, "", "", true},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}

	// A finding does not account for a difference of more than the last place.
	totals[0].Change = "4.75"
	if got, _ = Compare(controls, totals, findings); !got[1].Unexplained() {
		t.Errorf("+4.75 instead of +4.6 is explained by %s", got[1].Explained)
	}
	if _, err := Compare(controls, []Total{{Indicator: "all", Value: "many"}}, nil); err == nil {
		t.Error("a total that is no number was compared")
	}
}

func TestReadControlReportsEveryMistake(t *testing.T) {
	c, _ := read(t, "")
	for text, want := range map[string]string{
		"":                            "control.csv: read header: EOF",
		"value\n1\n":                  "control.csv:1: no column id; want id,value,qualifier,stage,change,change_kind,unit",
		"id,value,value\n":            "control.csv:1: column value occurs twice",
		"id,value\nall,5\ntop\n":      "control.csv: record on line 3: wrong number of fields",
		"\ufeffid,value,remark\n,,\n": `control.csv:2: id: "" is no indicator of the catalogue`,
		"id,value,qualifier,stage,change,change_kind,unit\nall,5,nearly,soon,much,point,项\nnone,1,,,,,\nall,,,,,,\n": `control.csv:2: change: want a plain number such as 4.6, got "much"
control.csv:2: qualifier: QUALIFIER_UNKNOWN: "nearly" is not a qualifier; write below, above or about, or leave it empty for an exact value
control.csv:2: stage: STAGE_UNKNOWN: "soon" is not a stage; write forecast, estimate, flash or final
control.csv:2: change_kind: the catalogue expresses changes of all as percent, got "point"
control.csv:2: unit: the catalogue has all in 家, got "项"; convert the figure
control.csv:3: id: "none" is no indicator of the catalogue
control.csv:4: id: "all" is in line 2 already`,
	} {
		_, err := ReadControl("control.csv", strings.NewReader(text), c)
		if err == nil {
			t.Errorf("%q: no mistake was found", text)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

func FuzzReadControl(f *testing.F) {
	for _, seed := range []string{"id,value\nall,5\n", "id,value,change\nall,582,4.6\nshare,1.8,0.06\n", "id,value,qualifier\nsome,40,近\n", "\ufeffid,value\n\"\n"} {
		f.Add(seed)
	}
	c, err := catalogue.Parse([]byte(town))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		controls, err := ReadControl("control.csv", strings.NewReader(text), c)
		if err != nil {
			return
		}
		findings := Examine(c, controls)
		if _, err := Compare(controls, nil, findings); err != nil {
			t.Error(err)
		}
	})
}
