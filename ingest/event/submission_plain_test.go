package event

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var plainTexts = []string{
	`{"area":"320812","dataset":"sti-annual","observations":[{"indicator":"gdp","period":"2021","value":"1.50","unit":"亿元"}]}`,
	` { "observations" : [ { "value" : -0.10 , "row" : 7 } , { } ] , "file" : "a.json" } `,
	`{"observations":[]}`, `{}`, `{"observations":[{"row":-3,"value":0}],"reason":""}`,
}

var otherTexts = []string{
	`{"area":"a\u0062"}`, `{"Area":"a"}`, `{"area":"a","area":"b"}`, `{"area":1}`, `{"area":null}`, `{"other":1}`, `{"observations":null}`,
	`{"observations":[{"value":1e3}]}`, `{"observations":[{"value":01}]}`, `{"observations":[{"row":1.0}]}`, `{"observations":[{"row":"1"}]}`,
	`{"observations":[{"row":99999999999999999999}]}`, `{"observations":[1]}`, `{"observations":[{"value":.5}]}`, `{"observations":[{"value":5.}]}`,
	`{"observations":[{"value":-}]}`, `{"observations":[{"malformed":"x"}]}`, `{"area":"a",}`, `{"area":"a"} x`, `{"area":"a"`, `["a"]`, ``,
	"{\"area\":\"a\x01\"}", "{\"area\":\"\xff\"}", `{"area":"a"}{}`,
}

func TestPlainIsWhatTheLibraryReads(t *testing.T) {
	for _, text := range plainTexts {
		if _, ok := decodePlain(text); !ok {
			t.Errorf("%s: not taken for plain", text)
		}
		checkPlain(t, []byte(text))
	}
	for _, text := range otherTexts {
		if _, ok := decodePlain(text); ok {
			t.Errorf("%s: taken for plain", text)
		}
	}
}

// checkPlain makes sure that what decodePlain reads is what the library reads.
func checkPlain(t *testing.T, text []byte) {
	t.Helper()
	plain, ok := decodePlain(string(text))
	if !ok {
		return
	}
	var s Submission
	if err := readStrictly(text, &s); err != nil {
		t.Fatalf("%q: read plainly, refused by the library: %v", text, err)
	}
	if diff := cmp.Diff(s, plain); diff != "" {
		t.Fatalf("%q: -library +plain\n%s", text, diff)
	}
}

func FuzzDecodePlain(f *testing.F) {
	for _, text := range append(plainTexts, otherTexts...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkPlain(t, text) })
}

// sixty is a submission of ordinary size, with 60 observations.
func sixty() Submission {
	s := Submission{Area: "320812", Dataset: "sti-annual"}
	for i := range 60 {
		s.Observations = append(s.Observations, Observation{
			Indicator: fmt.Sprintf("indicator_%02d", i), Period: "2021", Value: Text(fmt.Sprintf("%d.5", 1000+i)), Unit: "亿元",
		})
	}
	return s
}

// BenchmarkDecodeSubmission compares the reader of plain JSON with the library's.
//
//	go test ./ingest/event -run '^$' -bench DecodeSubmission
func BenchmarkDecodeSubmission(b *testing.B) {
	body, err := json.Marshal(sixty())
	if err != nil {
		b.Fatal(err)
	}
	for name, decode := range map[string]func([]byte) error{
		"plain": func(body []byte) error { _, err := DecodeSubmission(body); return err },
		"json":  func(body []byte) error { return readStrictly(body, new(Submission)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSubmissionID(b *testing.B) {
	s := sixty()
	b.ReportAllocs()
	for b.Loop() {
		_ = s.ID()
	}
}
