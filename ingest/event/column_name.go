package event

import "strings"

// columnsZH are the fields of a submission and its rows as people who report in Chinese call
// them, by the names that findings have for them.
var columnsZH = map[string]string{
	"indicator": "指标", "period": "报告期", "value": "数值", "unit": "单位", "stage": "阶段", "status": "状态", "qualifier": "限定词",
	"note": "备注", "action": "操作", "area": "地区", "dataset": "报表", "entity": "统一社会信用代码", "entity_name": "企业名称",
	"valid_from": "有效期起", "valid_to": "有效期止", "registered_area": "注册地", "reason": "修订原因", "key": "幂等键", "file": "文件名",
	"base": "上年同期数", "change": "增速", "observations": "数据", "sheet": "工作表",
}

// ColumnZH returns what a field of a submission is called in Chinese: 报告期 of period.
func ColumnZH(column string) string {
	if name, ok := columnsZH[column]; ok {
		return name
	}
	return column
}

// ColumnEN returns what a field of a submission is called in English: valid from of valid_from.
func ColumnEN(column string) string { return strings.ReplaceAll(column, "_", " ") }
