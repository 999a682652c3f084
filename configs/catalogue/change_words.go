package catalogue

import (
	"fmt"
	"strings"
)

// BaseWords name what a total is compared with: On the comparison, 比上年, and Name the base, 上年.
type BaseWords struct{ On, Name string }

// ChangeWords are the words of changes on the year before, for whatever shows totals.
type ChangeWords struct {
	// YearBefore is the base of a year, PartBefore that of a part of one.
	YearBefore, PartBefore BaseWords
	// NoChange is why there is no change, in a word, by the code of the reason. %[1]s is the base.
	NoChange map[string]string
	// TurnedPositive and TurnedNegative say which way a total changed its sign.
	TurnedPositive, TurnedNegative string
}

// signChange is the code of a change between plus and minus.
const signChange = "SIGN_CHANGE"

// ChineseChanges returns the words in Chinese.
func ChineseChanges() ChangeWords {
	return ChangeWords{
		YearBefore: BaseWords{On: "比上年", Name: "上年"}, PartBefore: BaseWords{On: "同比", Name: "上年同期"},
		NoChange: map[string]string{
			"BASE_MISSING": "无%[1]s数", "BASE_ZERO": "%[1]s为零", "BASE_NEGATIVE": "%[1]s为负",
			"BREAK": "区划口径不可比", "VALUE_MISSING": "无本年数", "MISSING_MEMBER": "未报齐", "HELD_MEMBER": "有数待核实", "DEFINITION": "指标口径不可比",
			"NEW_AREA": "新设地区不可比", signChange: "正负号改变", "OVERFLOW": "位数超限",
		},
		TurnedPositive: "由负转正", TurnedNegative: "由正转负",
	}
}

// EnglishChanges returns the words in English.
func EnglishChanges() ChangeWords {
	return ChangeWords{
		YearBefore: BaseWords{On: "on the year", Name: "the year before"}, PartBefore: BaseWords{On: "year on year", Name: "the same period of the year before"},
		NoChange: map[string]string{
			"BASE_MISSING": "no figure for %[1]s", "BASE_ZERO": "zero in %[1]s", "BASE_NEGATIVE": "negative in %[1]s",
			"BREAK": "territory changed", "VALUE_MISSING": "no figure", "MISSING_MEMBER": "areas missing", "HELD_MEMBER": "figures held", "DEFINITION": "definition changed",
			"NEW_AREA": "new area", signChange: "sign changed", "OVERFLOW": "too many digits",
		},
		TurnedPositive: "from minus to plus", TurnedNegative: "from plus to minus",
	}
}

// Base returns the words for what a total of a period is compared with.
func (w *ChangeWords) Base(p Period) *BaseWords {
	if p.Kind == Year {
		return &w.YearBefore
	}
	return &w.PartBefore
}

// Turned says of a change of sign which it is, by the value of today.
func (w *ChangeWords) Turned(value string) string {
	if strings.HasPrefix(value, "-") {
		return w.TurnedNegative
	}
	return w.TurnedPositive
}

// WhyNone says in a word why a total with a value has no change on a base, by the code of the
// reason; "" for a code that is not known.
func (w *ChangeWords) WhyNone(base *BaseWords, reason, value string) string {
	text := w.NoChange[reason]
	switch {
	case reason == signChange:
		return w.Turned(value)
	case strings.Contains(text, "%"):
		return fmt.Sprintf(text, base.Name)
	}
	return text
}
