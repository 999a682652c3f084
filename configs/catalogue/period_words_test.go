package catalogue

import (
	"errors"
	"strings"
	"testing"
	"unicode"
)

func TestReadPeriod(t *testing.T) {
	for text, want := range map[string]string{
		"2021": "2021", "2021-Q3": "2021-Q3", "2021-YTD06": "2021-YTD06", " 2021 ": "2021", "２０２１": "2021", "2021\u00a0": "2021",
		"2022年": "2022", "2022年底": "2022", "2022年末": "2022", "2022年6月底": "2022-06", "2022年三季度末": "2022-Q3", "2022年上半年期末": "2022-S1", "2022年度": "2022", "2022年全年": "2022", "二〇二二年": "2022", "2022-A1": "2022",
		"2022年3月": "2022-03", "2022年03月份": "2022-03", "2022 年 3 月": "2022-03", "二〇二二年三月": "2022-03", "2022年十二月": "2022-12", "2022-M03": "2022-03",
		"202203": "2022-03", "2022-3": "2022-03", "2022/3": "2022-03", "2022/03": "2022-03", "2022.03": "2022-03", "2022.10": "2022-10", "2022.3": "2022-03",
		"2022Q3": "2022-Q3", "2022q3": "2022-Q3", "2022-q3": "2022-Q3", "2022年三季度": "2022-Q3", "2022年第三季度": "2022-Q3", "2022年3季度": "2022-Q3", "2022年Q3": "2022-Q3", "Q3 2022": "2022-Q3", "3Q2022": "2022-Q3",
		"2022年上半年": "2022-S1", "2022年下半年": "2022-S2", "2022H1": "2022-S1", "2022-H2": "2022-S2", "H1 2022": "2022-S1",
		"2022年1-6月": "2022-YTD06", "2022年1—6月": "2022-YTD06", "2022年1－6月累计": "2022-YTD06", "2022年1至6月": "2022-YTD06", "2022年1～2月份": "2022-YTD02", "2022年1月—6月": "2022-YTD06",
		"2022年前三季度": "2022-YTD09", "2022年前6个月": "2022-YTD06", "2022年4-6月": "2022-Q2", "2022.1-9": "2022-YTD09", "2022.10-12": "2022-Q4", "2022年1-9": "2022-YTD09", "2022年7-12月": "2022-S2", "2022ytd06": "2022-YTD06",
		"Jan–Feb 2022": "2022-YTD02", "Jan-Jun 2022": "2022-YTD06", "March 2022": "2022-03", "2022 Mar": "2022-03", "Mar-2022": "2022-03", "Jun-22": "2022-06", "2022-Mar": "2022-03",
		"三季度": "2023-Q3", "3月": "2023-03", "上半年": "2023-S1", "1—6月": "2023-YTD06", "Q2": "2023-Q2", "March": "2023-03", "前三季度": "2023-YTD09", "1-3季度": "2023-YTD09", "一至二季度累计": "2023-YTD06",
	} {
		got, err := ReadPeriod(text, 2023)
		if err != nil || got.String() != want {
			t.Errorf("ReadPeriod(%q): want %s, got %s, %v", text, want, got, err)
		}
	}
}

func TestReadPeriodRefuses(t *testing.T) {
	for text, want := range map[string][2]string{
		"44774": {"PERIOD_DATE", "2022-08"}, "44562.0": {"PERIOD_DATE", "2022-01"},
		"2022/3/1": {"PERIOD_DATE", "2022-03"}, "2022-03-01": {"PERIOD_DATE", "2022-03"}, "2022-03-01 00:00:00": {"PERIOD_DATE", "2022-03"}, "2022年3月1日": {"PERIOD_DATE", "2022-03"},
		"2022-03-01T00:00:00Z": {"PERIOD_DATE", "2022-03"}, "2022-1-6": {"PERIOD_DATE", "2022-01"},
		"22-Jun": {"PERIOD_DATE", "as Excel shows it"}, "Jun 22": {"PERIOD_DATE", "as Excel shows it"}, "6月22日": {"PERIOD_DATE", "as Excel shows it"}, "3/1/2022": {"PERIOD_DATE", "as Excel shows it"},
		"2022.1": {"PERIOD_INVALID", "2022-10"}, "2O22": {"PERIOD_INVALID", "letter O"}, "2022-13": {"PERIOD_INVALID", ""}, "2022年13月": {"PERIOD_INVALID", ""},
		"三季度": {"PERIOD_WITHOUT_YEAR", "names no year"}, "上半年": {"PERIOD_WITHOUT_YEAR", ""}, "1-6月": {"PERIOD_WITHOUT_YEAR", ""},
		"": {"PERIOD_INVALID", ""}, "20221": {"PERIOD_INVALID", ""}, "2022年2-5月": {"PERIOD_INVALID", ""}, "2021-2022": {"PERIOD_INVALID", ""}, "2022.9-1": {"PERIOD_INVALID", ""}, "22年3月": {"PERIOD_WITHOUT_YEAR", "two digits"}, "21年": {"PERIOD_WITHOUT_YEAR", "as in 2021年"}, "10年期": {"PERIOD_INVALID", ""},
		"3": {"PERIOD_INVALID", ""}, "本月": {"PERIOD_INVALID", ""}, "2022年6月累计": {"PERIOD_INVALID", ""}, "-44774": {"PERIOD_INVALID", ""}, "1900": {"PERIOD_INVALID", ""},
		strings.Repeat("2022年", 40): {"PERIOD_INVALID", ""},
	} {
		got, err := ReadPeriod(text, 0)
		problem, ok := errors.AsType[*Problem](err)
		if !ok || problem.Code != want[0] || !strings.Contains(problem.EN, want[1]) {
			t.Errorf("ReadPeriod(%q): want %s with %q, got %s, %v", text, want[0], want[1], got, err)
		}
	}
}

func FuzzReadPeriod(f *testing.F) {
	for _, seed := range []string{"2021", "2022年三季度", "44774", "Jan–Feb 2022", "二〇二二年十二月", "2022.1", "2022/3/1 00:00", "十十月", "Q", "前99季度"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadPeriod(text, 2020)
		if err != nil {
			if problem, ok := errors.AsType[*Problem](err); !ok || problem.ZH == "" || problem.EN == "" {
				t.Fatalf("%q: %v is no problem a person can read", text, err)
			}
			return
		}
		if again, err := ParsePeriod(p.String()); err != nil || again != p {
			t.Fatalf("%q is read as %+v, which is read again as %+v, %v", text, p, again, err)
		}
	})
}

// Rules: spoilt by Excel.
func TestCausesOfBadValues(t *testing.T) {
	for text, want := range map[string]string{
		"12O": "letter O", "1O.5": "letter O", "l20": "letter O", "120左右": "write 约120", "120万元左右": "write 约120", "(123)": "write -123", "（1,234）": "write -1,234",
		"1 234": "a space", "1\u00a0234.5": "U+00A0", "1\u3000234": "U+3000", "–5": "write -5", "—5": "write -5", "一5": "write -5",
		"120p": "footnote mark", "120*": "footnote mark", "120[1]": "footnote mark", "120（注1）": "footnote mark", "120①": "footnote mark", "582²": "footnote mark",
		">120": "write 超120", "≥120": "write 超120", "<5": "write 近5", "约为5": "write 约5", "120以上": "write 超120", "120+": "write 超120", "不足5": "write 近5",
		"10-20": "", "10~20": "a range", "850,25": "decimal mark", "1.234,5": "decimal mark", "一百二十": "digits 0 to 9", "'120": "apostrophe",
		"无": "write 0 where there is none", "N/A": "leave the cell empty", "=A1+B1": "formula", "12?": `"?" behind the number`, "1_000": "more than one number",
		"不到30": "write 近30", "逾30": "write 超30", "2个（其中1个为联合）": `write 2个 alone, and "（其中1个为联合）" as a note`, "１２（估）": "write 12 alone", "共30家": `"共" before the number means nothing here; write 30家`,
		"30家规模以上企业": `"规模以上企业" behind the number`, "12\u200b3": "U+200B", "30、50": "more than one number", "12,00.5": "do not separate thousands", "1,234,5家": "do not separate thousands", "较快增长": "write digits", "12万元(含税)": "write 12万元 alone", "单价12/套": "write 12, and the other words",
	} {
		_, err := ParseValue(text)
		problem, ok := errors.AsType[*Problem](err)
		if !ok || !strings.Contains(problem.EN, want) {
			t.Errorf("ParseValue(%q): want %q, got %v", text, want, err)
			continue
		}
		if strings.Contains(problem.ZH, "U+") && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
			t.Errorf("ParseValue(%q): a code point of what can be seen: %s", text, problem.ZH)
		}
		if strings.ContainsFunc(strings.NewReplacer("近", "", "超", "", "约", "", text, "").Replace(problem.EN), func(r rune) bool { return unicode.Is(unicode.Han, r) && !strings.ContainsRune(text, r) }) {
			t.Errorf("ParseValue(%q): Chinese in the English message: %s", text, problem.EN)
		}
	}
}

// Rules: silence.
func TestSilent(t *testing.T) {
	for _, text := range []string{"", " ", "-", "—", "——", "…", "……", "/", "－", " - ", "...", "\u3000", "–"} {
		if !Silent(text) {
			t.Errorf("%q says nothing", text)
		}
	}
	for _, text := range []string{"0", "-5", "无", "1/2", "a", "--5"} {
		if Silent(text) {
			t.Errorf("%q says something", text)
		}
	}
}

// A period in words is read back as the same one.
func TestPeriodNamesAreReadBack(t *testing.T) {
	for _, p := range PeriodsOfYear(2021) {
		zh, _ := p.Names()
		if p.Kind == YearToDate && p.Index == 1 {
			continue // 2021年1月, as the month
		}
		if back, err := ReadPeriod(zh, 0); err != nil || back != p {
			t.Errorf("%s is written %s and read %s, %v", p, zh, back, err)
		}
	}
}
