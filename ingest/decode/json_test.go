package decode_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
)

func readJSON(t testing.TB, text string, o decode.Options) (event.Submission, error) {
	t.Helper()
	o.Catalogue = builtIn(t)
	got, err := decode.Read([]byte(text), o)
	if err != nil {
		return event.Submission{}, err
	}
	return got.Submissions[0], nil
}

func TestJSON(t *testing.T) {
	got, err := readJSON(t, "\uFEFF"+`{"area":"320812","observations":[
		{"indicator":"hnte_valid","period":"2021","value":0.10,"unit":"家"},
		{"indicator":"rd","period":"2021","value":true},
		{"indicator":"rd","period":"2020","value":"１２"}]}`, decode.Options{Dataset: "sti-annual", File: "f.json", Reason: "corrected"})
	if err != nil {
		t.Fatal(err)
	}
	bad := got.Observations[1]
	if !strings.Contains(bad.Malformed, `"value":true`) || !strings.Contains(bad.Problem, "want text or a number") {
		t.Errorf("want the second observation malformed, got %+v", bad)
	}
	got.Observations[1] = event.Observation{}
	want := event.Submission{Area: "320812", Dataset: "sti-annual", File: "f.json", Reason: "corrected", Observations: []event.Observation{
		{Indicator: "hnte_valid", Period: "2021", Value: "0.10", Unit: "家"}, {}, {Indicator: "rd", Period: "2020", Value: "１２"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJSONErrors(t *testing.T) {
	tests := map[string]struct{ text, code, en string }{
		"empty":          {" \n", decode.Empty, "empty"},
		"broken":         {"{\n\"area\": ]", decode.BadJSON, "(2:9)"},
		"cut off":        {`{"area":"1"`, decode.BadJSON, "ends in the middle"},
		"wrong kind":     {`{"area":17}`, decode.BadJSON, "area: want text in quotation marks, got number"},
		"unknown field":  {`{"aera":"1"}`, decode.BadJSON, `unknown field "aera"`},
		"two documents":  {`{"observations":[]} 17`, decode.BadJSON, "more text after the end"},
		"no encoding":    {"{\"area\":\"\xFF\"}", decode.BadEncoding, "fit neither UTF-8 nor GB18030"},
		"other area":     {`{"area":"320804"}`, decode.DefaultsDiffer, `area is "320804" in the JSON and "320812"`},
		"too many rows":  {`{"observations":[` + strings.Repeat("1,", decode.MaxRows) + `1]}`, decode.TooManyRows, "at most 200000 rows"},
		"deeply nested":  {`{"observations":` + strings.Repeat(`[`, 20000), decode.BadJSON, "max depth"},
		"NaN":            {`{"observations":[{"indicator":"gdp","period":"2022","value":NaN}]}`, decode.BadJSON, "NaN is no value of JSON"},
		"single quotes":  {`{'observations':[]}`, decode.BadJSON, "double quotation marks"},
		"comma too many": {`{"observations":[{"indicator":"gdp","period":"2022","value":1},]}`, decode.BadJSON, "a comma too many"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := readText(t, test.text)
			p, ok := errors.AsType[*catalogue.Problem](err)
			if !ok || p.Code != test.code || !strings.Contains(p.EN, test.en) || p.ZH == "" || len(p.EN) > 2000 {
				t.Fatalf("want a problem %s with %q, got %v", test.code, test.en, err)
			}
		})
	}
}
