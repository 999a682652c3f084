package decode_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
)

// A list of enterprises is read from tables with Chinese or English headers, whatever stands
// around it, and from JSON; days are days, and a number in front of each row is passed over.
func TestListsAreRead(t *testing.T) {
	book := excelize.NewFile()
	for i, cells := range [][]any{
		{"清江浦区高新技术企业名单"}, {"序号", "企业名称", "统一社会信用代码", "有效期起", "有效期止", "注册地区", "备注"},
		{1, "合成企业一", "91000000X000000010", time.Date(2020, 12, 5, 0, 0, 0, 0, time.UTC), "2023年12月4日", "清江浦区", "一"},
		{2, "合成企业二", "91000000x000000023", "", "", "", ""},
	} {
		for at, cell := range cells {
			name, _ := excelize.CoordinatesToCellName(at+1, i+1)
			if err := book.SetCellValue("Sheet1", name, cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	var workbook bytes.Buffer
	if err := book.Write(&workbook); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		content []byte
		period  string
	}{
		"list.csv":    {[]byte("统一社会信用代码,企业名称,报告期,有效期起,有效期止,注册地区,备注\n91000000X000000010,合成企业一,2021年,2020-12-05,2023年12月4日,清江浦区,一\n91000000x000000023,合成企业二,2021,,,,\n"), ""},
		"en.csv":      {[]byte("entity,entity_name,period,valid_from,valid_to,registered_area,note\n91000000X000000010,合成企业一,2021,2020-12-05,2023年12月4日,320812,一\n91000000x000000023,合成企业二,2021,,,,\n"), ""},
		"book.xlsx":   {workbook.Bytes(), "2021"},
		"list.json":   {[]byte(`{"observations":[{"entity":"91000000X000000010","entity_name":"合成企业一","valid_from":"2020-12-05","valid_to":"2023年12月4日","registered_area":"清江浦区","note":"一"},{"entity":"91000000x000000023","entity_name":"合成企业二"}]}`), "2021"},
		"list.ndjson": {[]byte(`{"entity":"91000000X000000010","entity_name":"合成企业一","period":"2021","valid_from":"2020-12-05","valid_to":"2023年12月4日","registered_area":"清江浦区","note":"一"}` + "\n" + `{"entity":"91000000x000000023","entity_name":"合成企业二","period":"2021"}`), ""},
	} {
		o := options(t)
		o.File, o.Period, o.Area, o.Dataset = name, test.period, "320812", "hnte-list"
		result, err := decode.Read(test.content, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		rows := result.Submissions[0].Observations
		if len(result.Submissions) != 1 || len(rows) != 2 || rows[0].Listing == nil || rows[1].Listing == nil {
			t.Errorf("%s: %+v", name, result.Submissions)
			continue
		}
		if want := (event.Listing{Entity: "91000000X000000010", EntityName: "合成企业一", ValidFrom: "2020-12-05", ValidTo: "2023年12月4日", RegisteredArea: "320812"}); *rows[0].Listing != want || rows[0].Period != "2021" || rows[0].Note != "一" {
			t.Errorf("%s: %+v %+v", name, rows[0], *rows[0].Listing)
		}
		if want := (event.Listing{Entity: "91000000x000000023", EntityName: "合成企业二"}); *rows[1].Listing != want {
			t.Errorf("%s: %+v", name, *rows[1].Listing)
		}
	}
	o := options(t)
	o.File = "list.csv"
	if _, err := decode.Read([]byte("统一社会信用代码,企业名称\n91000000X000000010,一\n"), o); err == nil || !strings.Contains(err.Error(), "period") {
		t.Errorf("a list without a period: %v", err)
	}
}
