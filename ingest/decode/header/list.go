package header

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/event"
)

// listWords are the headers of a list of entities, as Key writes them. They are looked
// for only beside one for the entities' codes, since tables of figures use some for areas.
var listWords = func() map[string]Role {
	words := map[string]Role{}
	for field, names := range map[Role]string{
		EntityField:     "entity uscc creditcode socialcreditcode unifiedsocialcreditcode 统一社会信用代码 社会信用代码 统一信用代码 信用代码 统一代码",
		EntityNameField: "entityname name 企业名称 单位名称 机构名称 公司名称 主体名称 名称 企业 单位",
		ValidFromField:  "validfrom 有效期起 有效期始 有效期自 有效期开始 有效期起始 有效期开始日期 有效期起始日期 起始日期 生效日期 认定日期 认定时间 发证日期 发证时间",
		ValidToField:    "validto 有效期止 有效期至 有效期到 有效期结束 有效期终止 有效期截止 有效期结束日期 有效期截止日期 终止日期 截止日期 截止时间 到期日期 到期日 到期时间 失效日期 有效截止日期 有效期截止时间",
		ValidityField:   "validity 有效期 有效期限 有效期间 有效时间 有效年限 有效起止日期 有效期起止 有效期起止日期 有效期起止时间",
		RegisteredField: "registeredarea 注册地 注册地区 注册地区划 注册地区划代码 注册地址所在地区 注册地所在地区 登记地区 住所地区",
	} {
		for _, name := range strings.Fields(names) {
			words[name] = field
		}
	}
	return words
}()

// certificate is what headers write before those of a validity: 证书有效期.
var certificate = regexp.MustCompile(`^(?:高新技术企业|高企)?(?:证书|资格|资质|认定)的?`)

// validity finds headers that speak of how long an entity counts.
var validity = regexp.MustCompile(`有效|到期|失效|截止|期限|valid|expir`)

// listColumns names the columns of a list of entities; it returns nil for another table.
func listColumns(cells []string) []Column {
	columns, listed := make([]Column, len(cells)), false
	for i, cell := range cells {
		c := &columns[i]
		if c.Name = grid.Trim(cell); c.Name == "" {
			continue
		}
		if c.Role = Extra; len(c.Name) > MaxCell {
			continue
		}
		key, _, _ := splitBrackets(Key(c.Name))
		field, ok := listWords[key]
		if !ok {
			field, ok = listWords[certificate.ReplaceAllString(key, "")]
		}
		if !ok {
			field, _ = Field(c.Name, false)
		}
		if c.Role = field; field == ValueField || field == UnitField || field == QualifierField || field == NameField {
			c.Role = Extra // a row is one entity
		}
		listed = listed || field == EntityField
	}
	if !listed {
		return nil
	}
	return columns
}

// captionOnly reports whether the only header is a caption above a form, 统一社会信用代码：, and not that of
// a list: more than one cell is filled in the row below it.
func (t *table) captionOnly(columns []Column) bool {
	named := 0
	for i := range columns {
		if columns[i].Name != "" {
			named++
		}
	}
	for n := t.Begin; n < len(t.sample) && named == 1; n++ {
		if filled, _ := t.sample[n].Filled(); filled > 0 {
			return filled > 1
		}
	}
	return false
}

// checkList checks a list of entities. It returns nil where it is one.
func (t *table) checkList(columns []Column, byField [Figures + 1][]int, f *Failure) *Failure {
	if t.captionOnly(columns) {
		return t.missing(columns, f, "indicator", "period", "value")
	}
	f.Recognized += 10
	for i := range columns {
		if name := event.Excerpt(columns[i].Name, 60); columns[i].Role == Extra && validity.MatchString(Key(name)) && t.holdsValues(i) {
			f.Problem = newProblem(BadColumns, name,
				fmt.Sprintf("第 %d 列 %q 像是有效期，但看不出是哪一种；请改名为“有效期起”“有效期止”或“有效期”，若不是有效期，请删去", i+1, name),
				fmt.Sprintf("column %d, %q, seems to say how long the entities count, and it is not certain how; name it 有效期起 (valid_from), 有效期止 (valid_to) or 有效期 (validity), or delete it", i+1, name))
			return f
		}
	}
	joinYearAndMonth(columns, &byField)
	if len(byField[PeriodField]) == 0 && t.Period.Kind == 0 {
		return t.missing(columns, f, "period")
	}
	return t.repeated(columns, byField, f)
}
