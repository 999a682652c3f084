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
