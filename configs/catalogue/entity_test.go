package catalogue

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// 91350100M000100Y43 is the example of GB 32100-2015.
//
// Rules: entity code.
func TestParseEntityCode(t *testing.T) {
	for _, text := range []string{"91350100M000100Y43", " 9135 0100 m000100y43\n", "９１３５０１００Ｍ０００１００Ｙ４３", "91350100m000100Y43\u200b"} {
		if code, err := ParseEntityCode(text); err != nil || code != "91350100M000100Y43" {
			t.Errorf("%q: %q, %v", text, code, err)
		}
	}
	for text, want := range map[string][2]string{
		"":                                   {"缺少", "is missing"},
		"91350100M000100Y4":                  {"应为 18 位，这里有 17 位", "this one has 17"},
		"91350100M000100Y433":                {"这里有 19 位", "this one has 19"},
		"91350100M000100Y44":                 {"末位应为 3", "the last is to be 3, not 4"},
		"9135O100M000100Y43":                 {`第 5 位 'O' 应为数字（第 3—8 位是登记机关行政区划码），是否为 0？`, "character 5, 'O', is to be a digit: characters 3 to 8 are the code of the registering authority's area; is it 0?"},
		"91350100I000100Y43":                 {`第 9 位 'I' 不是代码可用的字符，是否为 1？`, "character 9, 'I', does not occur in such codes; is it 1?"},
		"91350100M000100V43":                 {"是否为 U？", "is it U?"},
		"91350100M000100企43":                 {`'企'`, `'企'`},
		"9.135E+17":                          {"科学计数法", "scientific notation"},
		strings.Repeat("9", 1000) + "\xff\n": {"这里有", "this one has"},
	} {
		_, err := ParseEntityCode(text)
		var p *Problem
		if !errors.As(err, &p) || p.Code != "ENTITY_CODE_INVALID" || !strings.Contains(p.ZH, want[0]) || !strings.Contains(p.EN, want[1]) || len(p.Seen) > 70 {
			t.Errorf("%.40q: %+v, want %q", text, p, want)
		}
	}
}

// Every slip of one character is found, wherever it is; a right code is read.
//
// Rules: entity code.
func TestEntityCheckFindsEverySlip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digit := rapid.SampledFrom([]rune("0123456789"))
		any := rapid.SampledFrom([]rune(entityAlphabet))
		code := string(any.Draw(t, "a")) + string(any.Draw(t, "b")) + rapid.StringOfN(digit, 6, 6, -1).Draw(t, "area") + rapid.StringOfN(any, 9, 9, -1).Draw(t, "organization")
		code += string(EntityCheck(code))
		if got, err := ParseEntityCode(strings.ToLower(code)); err != nil || got != code {
			t.Fatalf("%s: %s, %v", code, got, err)
		}
		at := rapid.IntRange(0, EntityCodeLength-1).Draw(t, "place")
		slip := []rune(code)
		if slip[at] = any.Draw(t, "slip"); string(slip) == code {
			return
		}
		if _, err := ParseEntityCode(string(slip)); err == nil {
			t.Fatalf("%s is read, which is %s with a slip at %d", string(slip), code, at+1)
		}
	})
}

func TestParseDay(t *testing.T) {
	for text, want := range map[string][2]string{
		"2021-12-31": {"2021-12-31", "2021-12-31"}, "2021/3/5": {"2021-03-05", "2021-03-05"}, "2021年3月5日": {"2021-03-05", "2021-03-05"}, "20210305": {"2021-03-05", "2021-03-05"},
		"2021": {"2021-01-01", "2021-12-31"}, "2021年6月": {"2021-06-01", "2021-06-30"}, "2021-Q3": {"2021-07-01", "2021-09-30"}, "": {}, "—": {}, "长期": {}, "2021-12-31 00:00:00": {"2021-12-31", "2021-12-31"},
	} {
		first, err := ParseDay(text, false)
		last, other := ParseDay(text, true)
		if err != nil || other != nil || first.String() != want[0] || last.String() != want[1] {
			t.Errorf("%q: %s (%v), %s (%v)", text, first, err, last, other)
		}
	}
	for _, text := range []string{"2021-02-30", "20211301", "soon", "99999999", strings.Repeat("2", 500)} {
		var p *Problem
		if _, err := ParseDay(text, true); !errors.As(err, &p) || p.Code != "DAY_INVALID" {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
