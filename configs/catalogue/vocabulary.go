package catalogue

import (
	"fmt"
	"strings"
)

// Stage says how final a figure is. A figure of a higher stage replaces one of a lower stage.
type Stage uint8

// The stages in their order. The zero Stage is none.
const (
	Forecast Stage = iota + 1
	Estimate       // 预计
	Flash          // 快报
	Final          // 年报
)

// stageWords are the words of each stage; the first is its name.
var stageWords = [...][]string{
	Forecast: {"forecast", "预测", "预测数"},
	Estimate: {"estimate", "预计", "预计数"},
	Flash:    {"flash", "快报", "快报数", "初步核算", "初步核算数", "初步数"},
	Final:    {"final", "年报", "年报数", "最终核实", "最终核实数", "最终数"},
}

var stagesByWord = byWord[Stage](stageWords[:])

// String returns forecast, estimate, flash, final, or "" for none.
func (s Stage) String() string {
	return firstWord(stageWords[:], int(s))
}

// NameZH returns the stage in Chinese, or "" for none.
func (s Stage) NameZH() string {
	if s == 0 || int(s) >= len(stageWords) {
		return ""
	}
	return stageWords[s][1]
}

// MarshalText writes the stage's name.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseStage reads.
func (s *Stage) UnmarshalText(text []byte) error { return parseInto(s, text, ParseStage) }

// ParseStage reads a stage in English or Chinese; "" is no stage.
func ParseStage(text string) (Stage, error) {
	if text == "" {
		return 0, nil
	}
	if s, ok := stagesByWord[strings.ToLower(text)]; ok {
		return s, nil
	}
	return 0, &Problem{
		Code: "STAGE_UNKNOWN", Seen: text,
		ZH: fmt.Sprintf("没有%s这样的数据阶段；请填 预测、预计、快报 或 年报", Quoted(text)),
		EN: fmt.Sprintf("%q is not a stage; write forecast, estimate, flash or final", text),
	}
}

// Status is an SDMX observation status (CL_OBS_STATUS), one capital letter.
type Status byte

// The statuses that the pipeline distinguishes. It keeps every status of CL_OBS_STATUS.
const (
	Normal  Status = 'A'
	Imputed Status = 'I'
	Missing Status = 'O'
	// Withdrawn, which nobody may write, marks that an area took back what it had reported.
	Withdrawn Status = 'X'
)

const statuses = "ABDEFGHIJKLMNOPQSUVW"

// SaysMissing reports whether the status says that there is no figure: O, or one of the
// letters of SDMX that say why there is none.
func (s Status) SaysMissing() bool { return s != 0 && strings.IndexByte("HLMOQ", byte(s)) >= 0 }

// String returns the letter, or "" for none.
func (s Status) String() string {
	if s == 0 {
		return ""
	}
	return string(rune(s))
}

// MarshalText writes the letter.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseStatus reads.
func (s *Status) UnmarshalText(text []byte) error { return parseInto(s, text, ParseStatus) }

// statusWords are statuses as people write them beside the letters.
var statusWords = map[string]Status{
	"正常": Normal, "正常值": Normal, "估计": 'E', "估计数": 'E', "初步": 'P', "初步数": 'P', "暂定": 'P', "推算": Imputed, "推算数": Imputed,
	"预测": 'F', "缺失": Missing, "缺数": Missing, "缺报": Missing, "无数据": Missing,
}

// ParseStatus reads a status as a letter in either case or as a word; "" is no status.
func ParseStatus(text string) (Status, error) {
	if text == "" {
		return 0, nil
	}
	if upper := strings.ToUpper(text); len(text) == 1 && strings.Contains(statuses, upper) {
		return Status(upper[0]), nil
	}
	if s, ok := statusWords[NormalizeName(text)]; ok {
		return s, nil
	}
	return 0, &Problem{
		Code: "STATUS_UNKNOWN", Seen: text,
		ZH: fmt.Sprintf("没有%s这样的数据状态；一般留空即可，需要注明的请填 正常（A）、估计（E）、初步（P）、推算（I）或 缺失（O）", Quoted(text)),
		EN: fmt.Sprintf("%q is not an observation status; write an SDMX code such as A (normal), E (estimated), P (provisional), I (imputed) or O (missing)", text),
	}
}

// Qualifier says that a value is a round number near the exact one.
type Qualifier uint8

// The qualifiers. The zero Qualifier is none: the value is exact.
const (
	Below Qualifier = iota + 1 // the exact value is somewhat less
	Above                      // the exact value is somewhat more
	About                      // the exact value is somewhat less or more
)

// qualifierWords are the words of each qualifier; the first is its name.
var qualifierWords = [...][]string{Below: {"below", "近"}, Above: {"above", "超", "余", "多"}, About: {"about", "约"}}

var qualifiersByWord = byWord[Qualifier](qualifierWords[:])

// String returns below, above, about, or "" for none.
func (q Qualifier) String() string {
	return firstWord(qualifierWords[:], int(q))
}

// Join returns the qualifier of the sum of two values with qualifiers q and r: the same
// where they agree, the other's where one is exact, and about where they differ.
func (q Qualifier) Join(r Qualifier) Qualifier {
	switch {
	case r == 0 || q == r:
		return q
	case q == 0:
		return r
	}
	return About
}

// Negate returns the qualifier of a figure with the other sign: what is somewhat less
// becomes somewhat more.
func (q Qualifier) Negate() Qualifier {
	switch q {
	case Below:
		return Above
	case Above:
		return Below
	}
	return q
}

// Times returns the qualifier of a figure that is multiplied by a number of the sign.
func (q Qualifier) Times(sign int) Qualifier {
	switch {
	case sign > 0:
		return q
	case sign < 0:
		return q.Negate()
	}
	return 0
}

// MarshalText writes the qualifier's name.
func (q Qualifier) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads what ParseQualifier reads.
func (q *Qualifier) UnmarshalText(text []byte) error { return parseInto(q, text, ParseQualifier) }

// ParseQualifier reads a qualifier in English or Chinese; "" is none.
func ParseQualifier(text string) (Qualifier, error) {
	if text == "" {
		return 0, nil
	}
	if q, ok := qualifiersByWord[strings.ToLower(text)]; ok {
		return q, nil
	}
	return 0, &Problem{
		Code: "QUALIFIER_UNKNOWN", Seen: text,
		ZH: fmt.Sprintf("没有%s这样的限定词；请填 近、超、余、多 或 约，精确数留空", Quoted(text)),
		EN: fmt.Sprintf("%q is not a qualifier; write below, above or about, or leave it empty for an exact value", text),
	}
}

// firstWord returns the first of the words of a code, or "" where there are none.
func firstWord(words [][]string, code int) string {
	if code < len(words) && len(words[code]) > 0 {
		return words[code][0]
	}
	return ""
}

// byWord returns the code of each word.
func byWord[T ~uint8](words [][]string) map[string]T {
	codes := map[string]T{}
	for code, all := range words {
		for _, word := range all {
			codes[word] = T(code)
		}
	}
	return codes
}

func parseInto[T any](target *T, text []byte, parse func(string) (T, error)) error {
	v, err := parse(string(text))
	if err == nil {
		*target = v
	}
	return err
}
