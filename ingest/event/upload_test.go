package event_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/ingest/event"
)

func TestDecodeUpload(t *testing.T) {
	for value, want := range map[string]string{
		`1e3`: "1000", `1.5E-3`: "0.0015", `-2.50e1`: "-25", `0e9`: "0", `12e-1`: "1.2", `"1e3"`: "1e3", `0.10`: "0.10", `null`: "", `""`: "", `1e400`: "!too many digits", `true`: "!text or a number",
	} {
		s, err := event.DecodeUpload(`{"observations":[{"indicator":"gdp","period":"2021","value":` + value + `}]}`)
		if err != nil || len(s.Observations) != 1 {
			t.Fatalf("%s: %+v, %v", value, s, err)
		}
		o := s.Observations[0]
		if problem, bad := strings.CutPrefix(want, "!"); bad != (o.Malformed != "") || bad && !strings.Contains(o.Problem, problem) || !bad && string(o.Value) != want {
			t.Errorf("%s: got %+v, want %s", value, o, want)
		}
	}
}

// What this program says of a row is no word of a sender, and a row without a value says nothing. It is the same
// whether the text is read the fast way or, for an escape in it, the strict one.
func TestDecodeUploadRefusesRows(t *testing.T) {
	for row, want := range map[string]string{
		`{"indicator":"gdp","period":"2021"}`:                                          "",
		`{"indicator":"gdp","period":"2021","action":"D"}`:                             "",
		`{"indicator":"gdp","period":"2021","value":2,"base":"1","change":"100%"}`:     "",
		`{"indicator":"gdp","period":"2021","value":"1","malformed":"x"}`:              `unknown field "malformed"`,
		`{"indicator":"gdp","period":"2021","value":"1","problem":"x"}`:                `unknown field "problem"`,
		`{"indicator":"gdp","period":"2021","value":"1","problem_zh":"x"}`:             `unknown field "problem_zh"`,
		`{"indicator":"gdp","period":"2021","value":"1","row":-1}`:                     "row: want 1",
		`{"indicator":"gdp","period":"2021","value":"1","value":"2"}`:                  "",
		`{"indicator":"gdp","period":"2021","value":"1","cell":"C4","note":"x\u0041"}`: "",
	} {
		plain, errPlain := event.DecodeUpload(`{"area":"320812","observations":[` + row + `]}`)
		strict, errStrict := event.DecodeUpload(`{"area":"\u0033\u0032\u0030812","observations":[` + row + `]}`)
		if (errPlain == nil) != (errStrict == nil) {
			t.Errorf("%s: %v, but %v", row, errPlain, errStrict)
		}
		if diff := cmp.Diff(strict, plain); diff != "" && want == "" {
			t.Errorf("%s (-strict +plain)\n%s", row, diff)
		}
		for _, s := range []event.Submission{plain, strict} {
			if want != "" && (len(s.Observations) != 1 || !strings.Contains(s.Observations[0].Problem, want)) {
				t.Errorf("%s: want %q, got %+v", row, want, s)
			}
		}
		line := event.DecodeUploadLine(row)
		strictLine := event.DecodeUploadLine(`{"dataset":"\u0073ti",` + row[1:])
		if plain := event.DecodeUploadLine(`{"dataset":"sti",` + row[1:]); want == "" && plain.Observation.Malformed == "" {
			if diff := cmp.Diff(strictLine, plain); diff != "" {
				t.Errorf("a line %s (-strict +plain)\n%s", row, diff)
			}
		}
		if want != "" && !strings.Contains(line.Observation.Problem, want) {
			t.Errorf("a line %s: want %q, got %+v", row, want, line)
		}
	}
}
