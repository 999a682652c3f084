package wording

import "regexp"

var (
	parts   = regexp.MustCompile(`^(?:所属|所在|隶属|承担|申报|实施)?(?:镇街|街道|街镇|乡镇|镇乡|镇|乡|村|社区|片区|园区|产业园|开发区|企业|公司|机构|主体|院校|高校|平台|载体|街道办|乡镇街道|镇街道|镇\(街道\)|乡镇\(街道\)|单位)(?:名称?|全称)?$|^(?:company|enterprise|firm|town|street|park)(?:name)?$|^单位名称$`)
	remarks = regexp.MustCompile(`备注|说明|解释|含义|口径|来源|公式|方法|联系|电话|手机|邮箱|地址|填报|填表|录入|报送|提交|审核|审批|复核|负责|责任|牵头|经办|制表|科室|部门|处室|状态|时间|日期|类别|类型|领域|板块|方面|维度|模块|条线|门类|分类|大类|属性|性质|序号|编号|代码|编码|单号|英文|简称|频[率度]|级别|等级|意见|人$|^单位|id$|uid|code|comment|remark|note|stored|created|updated|modified|author|user|type|class|categor|source|status|option|contact|phone|mail`)
)

// Parts reports whether a header, as fields are compared, is of names of parts of a district: 镇街, 园区名称, 企业.
func Parts(key string) bool { return parts.MatchString(key) }

// Remarks reports whether one is of texts that say nothing of which figures stand beside them: contacts, sources,
// who filled in the row.
func Remarks(key string) bool { return remarks.MatchString(key) }
