package catalogue

import (
	"errors"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]Stage{"": 0, "final": Final, "FINAL": Final, "年报": Final, "快报": Flash, "预计": Estimate, "预测": Forecast} {
		if got, err := ParseStage(text); err != nil || got != want {
			t.Errorf("ParseStage(%q): want %s, got %s, %v", text, want, got, err)
		}
	}
	for text, want := range map[string]Status{"": 0, "A": Normal, "a": Normal, "o": Missing, "I": Imputed} {
		if got, err := ParseStatus(text); err != nil || got != want {
			t.Errorf("ParseStatus(%q): want %s, got %s, %v", text, want, got, err)
		}
	}
	for text, want := range map[string]Status{"正常": Normal, "缺失": Missing, "初步": 'P'} {
		if got, err := ParseStatus(text); err != nil || got != want {
			t.Errorf("ParseStatus(%q): want %s, got %s, %v", text, want, got, err)
		}
	}
	for text, want := range map[string]Stage{"初步核算": Flash, "最终核实": Final, "预计数": Estimate} {
		if got, err := ParseStage(text); err != nil || got != want || got.NameZH() == "" {
			t.Errorf("ParseStage(%q): want %s, got %s, %v", text, want, got, err)
		}
	}
	for text, want := range map[string]Qualifier{"": 0, "近": Below, "超": Above, "余": Above, "多": Above, "约": About, "Below": Below} {
		if got, err := ParseQualifier(text); err != nil || got != want {
			t.Errorf("ParseQualifier(%q): want %s, got %s, %v", text, want, got, err)
		}
	}
}

// Rules: stages.
func TestUnknownWordsAreProblems(t *testing.T) {
	for code, err := range map[string]error{
		"STAGE_UNKNOWN":     second(ParseStage("soon")),
		"STATUS_UNKNOWN":    second(ParseStatus("AB")),
		"QUALIFIER_UNKNOWN": second(ParseQualifier("almost")),
	} {
		if problem, ok := errors.AsType[*Problem](err); !ok || problem.Code != code {
			t.Errorf("want %s, got %v", code, err)
		}
	}
	for _, text := range []string{"Z", "1", " ", "甲", "ſ"} {
		if got, err := ParseStatus(text); err == nil {
			t.Errorf("ParseStatus(%q): want a problem, got %s", text, got)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestWordsAreReadBack(t *testing.T) {
	for s := Stage(0); s <= Final; s++ {
		var back Stage
		if text, _ := s.MarshalText(); back.UnmarshalText(text) != nil || back != s {
			t.Errorf("stage %d is written %q and read %d", s, text, back)
		}
	}
	for _, letter := range []byte(statuses) {
		var back Status
		if text, _ := Status(letter).MarshalText(); back.UnmarshalText(text) != nil || back != Status(letter) {
			t.Errorf("status %c is written %q and read %c", letter, text, back)
		}
	}
	for q := Qualifier(0); q <= About; q++ {
		var back Qualifier
		if text, _ := q.MarshalText(); back.UnmarshalText(text) != nil || back != q {
			t.Errorf("qualifier %d is written %q and read %d", q, text, back)
		}
	}
	if Stage(9).String() != "" || Qualifier(9).String() != "" || Status(0).String() != "" {
		t.Error("what is no word is written as one")
	}
}

// Rules: stages.
func TestStagesAreOrdered(t *testing.T) {
	if Forecast >= Estimate || Estimate >= Flash || Flash >= Final {
		t.Error("want forecast < estimate < flash < final")
	}
}

// Join is commutative and associative, has none as its neutral element, and
// two qualifiers that differ make about.
//
// Rules: qualifier, intervals.
func TestJoin(t *testing.T) {
	for q := Qualifier(0); q <= About; q++ {
		if q.Join(0) != q || q.Join(q) != q || q.Join(About) != About {
			t.Errorf("%q joined with none, itself, about: got %q, %q, %q", q, q.Join(0), q.Join(q), q.Join(About))
		}
		for r := Qualifier(0); r <= About; r++ {
			if q.Join(r) != r.Join(q) {
				t.Errorf("%q and %q join in order", q, r)
			}
			for s := Qualifier(0); s <= About; s++ {
				if q.Join(r).Join(s) != q.Join(r.Join(s)) {
					t.Errorf("%q, %q and %q do not associate", q, r, s)
				}
			}
		}
	}
	if got := Below.Join(Above); got != About {
		t.Errorf("below and above: want about, got %s", got)
	}
}
