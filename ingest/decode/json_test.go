package decode_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
)

func TestJSON(t *testing.T) {
	got, err := decode.JSON(strings.NewReader("\uFEFF"+`{"area":"320812","observations":[
		{"indicator":"hnte_valid","period":"2021","value":0.10,"unit":"家"},
		{"indicator":"rd","period":"2021","value":true},
		{"indicator":"rd","period":"2020","value":"１２"}]}`), decode.Defaults{Dataset: "sti-annual", File: "f.json", Reason: "corrected"})
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
		"a list":         {`[]`, decode.BadJSON, "want an object {…}, got array"},
		"two documents":  {`{} {}`, decode.BadJSON, "more text after the end"},
		"not UTF-8":      {"{\"area\":\"\xBC\xD2\"}", decode.NotUTF8, "not UTF-8"},
		"other area":     {`{"area":"320804"}`, decode.DefaultsDiffer, `area is "320804" in the JSON and "320812"`},
		"too many rows":  {`{"observations":[` + strings.Repeat("1,", decode.MaxRows) + `1]}`, decode.TooManyRows, "at most 200000 rows"},
		"deeply nested":  {`{"observations":` + strings.Repeat(`[`, 20000), decode.BadJSON, "max depth"},
		"not JSON (CSV)": {"indicator,period,value\n", decode.BadJSON, "invalid character 'i'"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := decode.JSON(strings.NewReader(test.text), district)
			p, ok := errors.AsType[*catalogue.Problem](err)
			if !ok || p.Code != test.code || !strings.Contains(p.EN, test.en) || p.ZH == "" || len(p.EN) > 2000 {
				t.Fatalf("want a problem %s with %q, got %v", test.code, test.en, err)
			}
		})
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"area":"1","dataset":"d","observations":[{"indicator":"a","period":"2021","value":"1"}]}`,
		`{"observations":[1,null,{"value":1e400},{"value":null},"x"]}`, `{"observations":null}`, `null`, "\uFEFF{}", `{"area":"\ud800"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := decode.JSON(strings.NewReader(text), decode.Defaults{})
		if err != nil {
			if _, ok := errors.AsType[*catalogue.Problem](err); !ok {
				t.Fatalf("want a problem, got %v", err)
			}
			return
		}
		body, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode.JSON(strings.NewReader(string(body)), decode.Defaults{})
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if got.ID() != again.ID() {
			t.Fatalf("id changes on the way through the broker: %s", body)
		}
	})
}
