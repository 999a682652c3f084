package wording_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/wording"
)

func TestFindUnits(t *testing.T) {
	tests := map[string]wording.Units{
		"单位：万元、家":                  {Stated: []string{"万元", "家"}, General: true},
		"单位:万元  家  %":              {Stated: []string{"万元", "家", "%"}, General: true},
		"金额单位：人民币万元":               {Stated: []string{"万元"}, General: true},
		"填报单位：清江浦区科技局   计量单位：亿元,%": {Stated: []string{"亿元", "%"}},
		"2022年科技季报（万元）":            {Stated: []string{"万元"}},
		"指标（金额：千元）":                {Stated: []string{"千元"}, General: true},
		"注：1.除另有注明外，金额均以亿元为单位。":    {Stated: []string{"亿元"}, General: true},
		"注：产值单位为万元":                {Stated: []string{"万元"}},
		"单位：万美金":                   {Stated: []string{"万美元"}, General: true},
		"单位：万":                     {Stated: []string{"万元"}, General: true},
		"万元":                       {Stated: []string{"万元"}, General: true},
		"产值为万元口径":                  {Mentioned: []string{"万元"}},
		"单位为万元的指标保留一位小数":           {Mentioned: []string{"万元"}},
		"年营业收入2000万元以上、十几亿元的，每万元、亿元企业": {},
		"单位负责人：张三，填报单位：淮阴区":            {},
		"以企业为单位": {},
	}
	for text, want := range tests {
		got := wording.FindUnits(text)
		if got.Empty() || len(want.Stated) == 0 {
			got.General = want.General
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
}

func TestFindStages(t *testing.T) {
	for text, want := range map[string]struct {
		stages  []catalogue.Stage
		general bool
	}{
		"2022年科技快报（初步数）":     {[]catalogue.Stage{catalogue.Flash, catalogue.Flash}, false},
		"注：以上为快报数，最终以年报数为准。": {[]catalogue.Stage{catalogue.Flash}, true},
		"注：1.本表数据均为预计数":      {[]catalogue.Stage{catalogue.Estimate}, true},
		"地区生产总值为初步核算数":       {[]catalogue.Stage{catalogue.Flash}, false},
		"揭榜初步签约金额统计表":        {nil, true},
		"科技创新年报":             {nil, true},
		"2022年主要指标（初步）":      {[]catalogue.Stage{catalogue.Flash}, false},
	} {
		stages, general := wording.FindStages(text)
		if diff := cmp.Diff(want.stages, stages); diff != "" || general != want.general {
			t.Errorf("%s: general is %v (-want +got)\n%s", text, general, diff)
		}
	}
}

func TestCompares(t *testing.T) {
	type compared struct {
		kind wording.Comparison
		of   string
	}
	change := func(of string) compared { return compared{wording.ChangeOf, of} }
	for name, want := range map[string]compared{
		"±%": change(""), "同比": change(""), "同比±%": change(""), "增速（%）": change(""), "增长%": change(""), "增减（%）": change(""), "增幅": change(""), "比上年增长%": change(""), "比上年±%": change(""), "较去年增减（百分点）": change(""),
		"2022年±%": change("2022年"), "地区生产总值（亿元）±%": change("地区生产总值(亿元)"), "2022年1-9月增速": change("2022年1-9月"), "累计同比增长（%）": change("累计"), "YoY %": change(""), "Growth rate": change(""),
		"上年同期": {wording.BaseOf, ""}, "地区生产总值上年同期数": {wording.BaseOf, "地区生产总值"},
		// What may be an absolute difference, or is another one, is compared with nothing.
		"增减": {}, "比上年±": {}, "增长": {}, "增减额": {}, "增长量": {}, "同比增减（家）": {}, "环比增长%": {}, "目标增速": {}, "两年平均增速": {}, "占比%": {}, "科技进步贡献率（%）": {}, "change": {},
	} {
		if kind, of := wording.Compares(name); (compared{kind, of}) != want {
			t.Errorf("%s: got %v of %q, want %v", name, kind, of, want)
		}
	}
}
