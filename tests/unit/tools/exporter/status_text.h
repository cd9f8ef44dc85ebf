/* A status as vipd gives it, for the tests of what the exporter makes of one. */
#ifndef TESTS_STATUS_TEXT_H
#define TESTS_STATUS_TEXT_H

/* One instance with everything, and names that have to be escaped. Quotes are written as `'`. */
#define STATUS_ROUTER(family)                                                                      \
    "{'family':'" family "','state':'MASTER','master':null,'advert_interval_ms':1000,"             \
    "'master_down_interval_ms':3414,'last_advert_age_ms':412,"                                     \
    "'counters':{'advertisement-sent':5123,'advertisement-rcvd':88},"                              \
    "'drops':{'ip_ttl_error':3,'checksum_error':0},'conflict':{'conflicts':1}}"

#define STATUS_CHECKS                                                                              \
    "[{'name':'haproxy','type':'http','state':'passing','since':'2026-01-01T00:00:00.000Z',"       \
    "'weight':null,'text':'HTTP 200','run_ms':1.25},"                                              \
    "{'name':'role','type':'script','state':'failing','since':'2026-01-01T00:00:00.000Z',"         \
    "'weight':-50,'text':'<script>alert(1)</script> & `quoted`','run_ms':null},"                   \
    "{'name':'new','type':'tcp','state':'pending','since':null,'weight':null,'text':'-'}]"

#define STATUS_INSTANCE                                                                            \
    "{'name':'web','interface':'eth\\\\0\\n`','vrid':51,'state':'MASTER',"                         \
    "'since':'2026-01-01T00:00:00.500Z','held_by':[],'lingering':false,'base_priority':150,"       \
    "'effective_priority':100,'priority_text':'150 - 50 (role) = 100',"                            \
    "'master':{'address':'10.0.0.1','priority':100,'is_us':true},"                                 \
    "'addresses':[{'address':'192.0.2.10/24','held':true},"                                        \
    "{'address':'2001:db8::10/64','held':false}],"                                                 \
    "'routers':[" STATUS_ROUTER("ipv4") "," STATUS_ROUTER(                                         \
        "ipv6") "],"                                                                               \
                "'last_transition':{'at':'2026-01-01T00:00:00.500Z','from':'BACKUP','to':'MASTER'" \
                ","                                                                                \
                "'reason':'no-response','text':'no advert from 10.0.0.2 for 3.41 s'},"             \
                "'checks':" STATUS_CHECKS                                                          \
                ",'warnings':[{'kind':'second-master','text':'10.0.0.3 too'},"                     \
                "{'kind':'second-master','text':'10.0.0.4 too'}],"                                 \
                "'drained':{'since':'2026-01-01T00:00:00.000Z','left_ms':null,'uid':0},"           \
                "'hook_counts':[{'hook':'on-master','runs':3,'failures':1}],"                      \
                "'transitions':{'no-response':2,'drained':0},"                                     \
                "'failover_gap':{'count':3,'sum_ms':3500.5,'buckets':[{'le_ms':250,'count':1},"    \
                "{'le_ms':1000,'count':2}]}}"

#define STATUS_TEXT                                                                                \
    "{'version':1,'node':'lb<1>','software':'9.9','started_at':'2026-01-01T00:00:00.250Z',"        \
    "'last_reload':{'at':'2026-01-01T00:00:01.000Z','ok':false,'text':'line 3'},"                  \
    "'repairs':2,'recorder':{'enabled':true,'written':4,'failed':0},"                              \
    "'instances':[" STATUS_INSTANCE "]}"

#endif
