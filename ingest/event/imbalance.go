package event

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Imbalance is a place where ClickHouse does not show what the log holds: another number of
// rows, or rows with another content.
type Imbalance struct {
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	// What is counted or compared.
	What string `json:"what"`
	// Log is how many the log holds, Shown how many ClickHouse shows, where they are counted.
	Log   int64 `json:"log"`
	Shown int64 `json:"shown"`
	// Dead is how many messages of the area and dataset were put aside in DEAD, which
	// may be why.
	Dead int64 `json:"dead,omitempty"`
	// Indicator and Period name the rows that were compared. Lacking is how many of those
	// that the log holds ClickHouse does not have as they are there, and Surplus how many it
	// has that the log does not hold; an altered row counts as both.
	Indicator string `json:"indicator,omitempty"`
	Period    string `json:"period,omitempty"`
	Lacking   int64  `json:"lacking,omitempty"`
	Surplus   int64  `json:"surplus,omitempty"`
	// Unreadable is the part of a table that ClickHouse cannot read.
	Unreadable string `json:"unreadable,omitempty"`
	// Others is how many groups of 256 messages differ besides those that are described.
	Others int64 `json:"others,omitempty"`
}

// IsContent reports whether rows were compared, and not counted.
func (i Imbalance) IsContent() bool { return i.Lacking+i.Surplus+i.Others > 0 || i.Unreadable != "" }

// String returns the imbalance as a sentence.
func (i Imbalance) String() string {
	switch {
	case i.Unreadable != "":
		return fmt.Sprintf("%s: ClickHouse cannot read part %s of the table", i.What, i.Unreadable)
	case i.Others > 0:
		return fmt.Sprintf("%s: ClickHouse differs in %d more groups of 256 messages", i.What, i.Others)
	case i.IsContent():
		place := strings.Join(slices.DeleteFunc([]string{i.Area, i.Dataset, i.Indicator, i.Period}, func(s string) bool { return s == "" }), " ")
		return fmt.Sprintf("%s: of the %s, ClickHouse lacks %d that the log holds and has %d that it does not hold", place, i.What, i.Lacking, i.Surplus)
	}
	text := fmt.Sprintf("%s %s: the log holds %d %s, ClickHouse shows %d", i.Area, i.Dataset, i.Log, i.What, i.Shown)
	if i.Dead > 0 {
		text += fmt.Sprintf("; %d messages of them are in DEAD (citytally dead list)", i.Dead)
	}
	return text
}

// Chinese returns the imbalance as a sentence in Chinese.
func (i Imbalance) Chinese() string {
	what := CountedInChinese(i.What)
	switch {
	case i.Unreadable != "":
		return fmt.Sprintf("%s：ClickHouse 无法读取表的 %s 部分", what, i.Unreadable)
	case i.Others > 0:
		return fmt.Sprintf("%s：另有 %d 组（每组 256 条消息）ClickHouse 与日志不同", what, i.Others)
	case i.IsContent():
		place := strings.Join(slices.DeleteFunc([]string{i.Area, i.Dataset, i.Indicator, i.Period}, func(s string) bool { return s == "" }), " ")
		return fmt.Sprintf("%s：%s中，ClickHouse 缺少日志所有的 %d 条，多出日志所无的 %d 条", place, what, i.Lacking, i.Surplus)
	}
	text := fmt.Sprintf("%s %s：日志有%s %d 条，ClickHouse 有 %d 条", i.Area, i.Dataset, what, i.Log, i.Shown)
	if i.Dead > 0 {
		text += fmt.Sprintf("；其中 %d 条消息在 DEAD 中（citytally dead list）", i.Dead)
	}
	return text
}

// What an Imbalance counts or compares.
const (
	CountSubmissions  = "submissions"
	CountObservations = "observations"
	CountDecisions    = "decisions"
	CountHolds        = "held figures"
	CountVerdicts     = "verdicts"
	CountTotals       = "totals"
	CountReleases     = "released totals"
)

// CountedInChinese returns what an Imbalance counts in Chinese.
func CountedInChinese(what string) string { return cmp.Or(chineseCounts[what], what) }

// chineseCounts are what an Imbalance counts, in Chinese.
var chineseCounts = map[string]string{
	CountSubmissions: "报送", CountObservations: "数据", CountDecisions: "决定", CountHolds: "待核实数据",
	CountVerdicts: "审核结果", CountTotals: "汇总数", CountReleases: "发布数",
}
