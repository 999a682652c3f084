package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

func (r *checks) unknownArea(code string) *event.Finding {
	var zh, en []string
	for i := range r.catalogue.Areas {
		nameZH, _ := r.catalogue.Areas[i].Names()
		zh, en = append(zh, nameZH), append(en, r.catalogue.Areas[i].Code)
	}
	slices.Sort(en)
	return reject("AREA_UNKNOWN", "area", code,
		fmt.Sprintf("没有地区%s；目录中的地区为%s", catalogue.Quoted(code), strings.Join(zh, "、")),
		fmt.Sprintf("there is no area %q; the catalogue has %s", code, strings.Join(en, ", ")))
}

func (r *checks) unknownDataset(id string) *event.Finding {
	var zh, en []string
	for i := range r.catalogue.Datasets {
		nameZH, _ := r.catalogue.Datasets[i].Names()
		zh, en = append(zh, catalogue.Quoted(nameZH)), append(en, r.catalogue.Datasets[i].ID)
	}
	return reject("DATASET_UNKNOWN", "dataset", id,
		fmt.Sprintf("没有报表%s；可用的有%s", catalogue.Quoted(id), strings.Join(zh, "、")),
		fmt.Sprintf("there is no dataset %q; the catalogue has %s", id, strings.Join(en, ", ")))
}

func subjectMismatch(column, body, subject string) *event.Finding {
	return reject("SUBJECT_MISMATCH", column, body,
		fmt.Sprintf("报文中的%s为%s，与发布主题中的%s不一致；整份报送未采用", event.ColumnZH(column), catalogue.Quoted(body), catalogue.Quoted(subject)),
		fmt.Sprintf("the body's %s is %q but the subject says %q; nothing of the submission is taken", column, body, subject))
}

func unreadable(err error) *event.Finding {
	zh, en := event.ExplainJSON(err)
	return reject("SUBMISSION_UNREADABLE", "", "",
		fmt.Sprintf("报送内容无法作为 JSON 读取：%s。格式应为 {\"observations\":[{\"indicator\":…,\"period\":…,\"value\":…}]}", zh),
		fmt.Sprintf("the message cannot be read as JSON: %s; want {\"observations\":[{\"indicator\":…,\"period\":…,\"value\":…}]}", en))
}

func nothingReported() *event.Finding {
	return reject("SUBMISSION_EMPTY", "observations", "",
		"报送中没有填报任何数据；请至少填报一个数", "no row of the submission reports anything; report at least one figure")
}

func tooLarge(size, most int) *event.Finding {
	return reject("SUBMISSION_TOO_LARGE", "observations", "",
		fmt.Sprintf("报送中采用的数据共 %d 字节，超过消息服务的上限 %d 字节；请分成几份报送，整份报送未采用", size, most),
		fmt.Sprintf("what is accepted of the submission takes %d bytes and the broker takes %d; send it in parts, nothing of it is taken", size, most))
}

// controlCharacter returns the finding on a text with a character that can steer whatever shows
// it, or nil. A note may have line breaks and tabs, as a cell of a table may.
func controlCharacter(column, text string) *event.Finding {
	except := ""
	if column == "note" {
		except = "\n\r\t"
	}
	r, found := event.ControlIn(text, except)
	if !found {
		return nil
	}
	return reject("TEXT_CONTROL", column, strconv.QuoteToGraphic(text),
		fmt.Sprintf("%s中有看不见的控制字符（%U）；请删除后重新报送", event.ColumnZH(column), r),
		fmt.Sprintf("%s has the control character %U; take it out and send it again", event.ColumnEN(column), r))
}

func textTooLong(column, text string, most int) *event.Finding {
	return reject("TEXT_TOO_LONG", column, text,
		fmt.Sprintf("%s共 %d 字节，超过上限 %d 字节；请缩短后重新报送", event.ColumnZH(column), len(text), most),
		fmt.Sprintf("%s has %d bytes and may have %d; shorten it and send it again", event.ColumnEN(column), len(text), most))
}
