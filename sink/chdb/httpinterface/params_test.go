package httpinterface

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/sink/chdb/statement"
)

func TestParseParams(t *testing.T) {
	tests := map[string]params{
		"":                       nil,
		"?&&":                    {{"?", ""}},
		"&a=b&&c=d&":             {{"a", "b"}, {"c", "d"}},
		"=x&a":                   {{"a", ""}},
		"query=SELECT%201;&a=1":  {{"query", "SELECT 1;"}, {"a", "1"}},
		"q=a+b%2Bc&q=2=3":        {{"q", "a b+c"}, {"q", "2=3"}},
		"param_%E5%8C%BA=%27%5C": {{"param_区", `'\`}},
	}
	for raw, want := range tests {
		got, err := parseParams(raw)
		if err != nil {
			t.Errorf("%q: %v", raw, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(param{})); diff != "" {
			t.Errorf("%q: %s", raw, diff)
		}
	}
	for _, raw := range []string{"a=%zz", "%=1", "%00=1", "max%0Athreads=1"} {
		if _, err := parseParams(raw); err == nil {
			t.Errorf("%q: no error", raw)
		}
	}
}

// FuzzParams checks that no parameter of a URL can be more than one assignment of one SET statement.
func FuzzParams(f *testing.F) {
	for _, raw := range []string{"max_threads=1", "a=%27;DROP+TABLE+x", "%60=1", "param_x=%5C%27", "a%3D1,b=2&c='", "--=x&/*=y"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		all, err := parseParams(raw)
		if err != nil {
			return
		}
		for _, one := range all.settings(false) {
			set := params{one}.setStatement()
			parsed, err := statement.Parse(set)
			if err != nil || parsed.Kind != statement.Other || parsed.Text != strings.TrimSpace(set) {
				t.Errorf("%q makes %q: %+v, %v", raw, set, parsed, err)
			}
			if !strings.HasSuffix(set, "'") || strings.Count(strings.NewReplacer(`\\`, "", `\'`, "").Replace(set[strings.Index(set, " = '"):]), "'") != 2 {
				t.Errorf("%q makes %q, whose value ends early", raw, set)
			}
		}
	})
}
