package catalogue

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	decimalRange      = regexp.MustCompile(`^\d+\.\d+-\d+(\.\d+)?$`) // 320.5-330
	plainNumber       = regexp.MustCompile(`^[+-]?\d+(\.\d+)?$`)
	scientificPattern = regexp.MustCompile(`^[近超约]?\s*[+-]?\d+(\.\d*)?[eE][+-]?\d+`)
	datePattern       = regexp.MustCompile(`^(\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?|月)?|\d{1,2}月\d{1,2}日|\d{1,2}[-/][A-Za-z]{3}([-/]\d{2,4})?|[A-Za-z]{3}[-/]\d{2,4})(\s+\d{1,2}:\d{2}(:\d{2})?)?$`)
)

// excelDamage returns a [Problem] for a text into which Excel has turned a number: scientific
// notation, a date, or an error value.
func excelDamage(text, cleaned string) error {
	switch {
	case scientificPattern.MatchString(cleaned):
		return &Problem{
			Code: "VALUE_SCIENTIFIC", Seen: text,
			ZH: fmt.Sprintf("%s是科学计数法，Excel 显示长数字时会丢失位数；请将单元格设为“数值”或“文本”格式，填写完整数字", Quoted(text)),
			EN: fmt.Sprintf("%q is in scientific notation, in which Excel drops digits of long numbers; format the cell as Number or Text and write all digits", text),
		}
	case datePattern.MatchString(cleaned) && !plainNumber.MatchString(cleaned) && !decimalRange.MatchString(cleaned):
		return &Problem{
			Code: "VALUE_DATE", Seen: text,
			ZH: fmt.Sprintf("%s是日期，Excel 会把 3-5、1/2 之类的输入变成日期；请将单元格设为“数值”格式后重新填写", Quoted(text)),
			EN: fmt.Sprintf("%q is a date, which Excel makes of entries such as 3-5 or 1/2; format the cell as Number and type the value again", text),
		}
	case strings.HasPrefix(cleaned, "#"):
		return &Problem{
			Code: "VALUE_EXCEL_ERROR", Seen: text,
			ZH: fmt.Sprintf("%s是 Excel 的错误值（公式出错或列宽不足）；请修正公式，或粘贴为数值后重新填写", Quoted(text)),
			EN: fmt.Sprintf("%q is an Excel error (a broken formula or a column too narrow); mend the formula or paste the value", text),
		}
	}
	return nil
}
