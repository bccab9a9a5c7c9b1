# SPDX-License-Identifier: ISC
"""The tasks of bench.py: how a user of each tool would type them.

In a command @F is the data file and @D the folder of the data.  Every command
prints rows of comma-separated values in any order, numbers in any form;
answers are compared after KEY of the task has been applied to ours.
"""
import datetime

CSV = ("read_csv('@F',header=true,columns={'ts_ms':'BIGINT','user':'VARCHAR',"
       "'item':'VARCHAR','category':'VARCHAR','price':'DOUBLE',"
       "'qty':'INTEGER'})")
CH_CSV = ("file('@F','CSVWithNames','ts_ms Int64,user String,item String,"
          "category String,price Float64,qty Int32')")
LINES = ("read_csv('@F',auto_detect=false,header=false,delim='\x01',quote='',"
         "escape='',columns={'l':'VARCHAR'})")
CH_LINES = "file('@F','LineAsString','line String')"
TOP20 = "LC_ALL=C sort -t, -k2,2nr -k1,1 | sed -n 1,20p"


def seconds(text):
    when = datetime.datetime.strptime(text[:19] + "+0000",
                                      "%Y-%m-%dT%H:%M:%S%z")
    return int(when.timestamp())


def minutes(row):
    """window_start,window_end,... -> minutes since 1970,..."""
    return [str(seconds(row[0]) // 60)] + row[2:]


def panes(row):
    """window_start,window_end,... -> the last ten seconds of the window,..."""
    return [str(seconds(row[1]) // 10 - 1)] + row[2:]


def clock(row):
    """window_start,window_end,... -> HH:MM,..."""
    return [row[0][11:16]] + row[2:]


def plain(row):
    return row


TASKS = {}


def task(name, file, what, ours, key=plain, quarter=(), part=(), error=1e-9,
         **peers):
    """quarter: peers that are given a quarter of the rows, being slow;
    part: peers whose answer is a part of ours; error: relative."""
    TASKS[name] = {
        "file": file, "what": what, "key": key, "quarter": quarter,
        "part": part, "error": error, "ours": ours, "peers": peers}


task("T1csv", "events.csv", "csv rows with price >= 500",
     "sbatch -c price:float @F | smap -w 'price >= 500' | sreduce 'count()' |"
     " ssink -f csv",
     duckdb="select count(*) from %s where price>=500" % CSV,
     clickhouse="select count() from %s where price>=500" % CH_CSV,
     mawk="mawk -F, 'NR>1&&$5>=500{n++}END{print n}' @F")
task("T1log", "access.log", "log lines with status >= 500",
     "sbatch -j 2 -f combined -c status @F | smap -w 'status >= 500' |"
     " sreduce 'count()' | ssink -f csv",
     duckdb="select count(*) from " + LINES
            + " where regexp_matches(l,'\\\" 5[0-9][0-9] ')",
     clickhouse="select count() from " + CH_LINES
                + " where match(line,'\\\" 5[0-9][0-9] ')",
     mawk="mawk '/\" 5[0-9][0-9] /{n++}END{print n}' @F")
task("T2", "words.txt", "word count, the 20 most frequent",
     "sbatch -f lines @F | smap --explode 'split(line, \" \") as word' |"
     " sreduce -k word count --top 20:count | ssink -f csv",
     duckdb="select w,count(*) n from (select unnest(string_split(l,' ')) w"
            " from %s) group by w order by n desc,w limit 20" % LINES,
     clickhouse="select w,count() n from (select arrayJoin(splitByChar(' ',"
                "line)) w from %s) group by w order by n desc,w limit 20"
                % CH_LINES,
     mawk="mawk '{for(i=1;i<=NF;i++)c[$i]++}END{for(w in c)print w\",\"c[w]}'"
          " @F | " + TOP20)

T3 = ("sbatch -c 'ts_ms:time(ms),category,price:float' -t ts_ms %s |"
      " swindow 1m --late 2s | sreduce -k category"
      " 'count(), sum(price), avg(price), max(price)' | ssink -f csv")
SQL3 = ("select ts_ms//60000,category,count(*),sum(price),avg(price),"
        "max(price) from %s group by all")
task("T3", "events.csv", "minute x category: count sum avg max", T3 % "@F",
     key=minutes, quarter=("mlr",),
     duckdb=SQL3 % CSV,
     clickhouse="select intDiv(ts_ms,60000) w,category,count(),sum(price),"
                "avg(price),max(price) from %s group by w,category" % CH_CSV,
     mawk="mawk -F, 'NR>1{k=int($1/60000)\",\"$4;c[k]++;s[k]+=$5;"
          "if($5+0>m[k])m[k]=$5+0}END{for(k in c)printf"
          " \"%s,%d,%.15g,%.15g,%.15g\\n\",k,c[k],s[k],s[k]/c[k],m[k]}' @F",
     mlr="mlr --icsv --ocsv --headerless-csv-output --from @F"
         " put '$w=$ts_ms//60000' then stats1 -a count,sum,mean,max"
         " -f price -g w,category")
task("T3pipe", "events.csv", "T3 with input from a pipe",
     "cat @F | " + T3 % "-f csv", key=minutes,
     duckdb="cat|" + SQL3 % CSV.replace("@F", "/dev/stdin"))
task("T3p", "events.csv", "minute x category: count p95",
     "sbatch -c 'ts_ms:time(ms),category,price:float' -t ts_ms @F |"
     " swindow 1m --late 2s | sreduce -k category 'count(), p95(price)' |"
     " ssink -f csv",
     key=minutes, error=0.01, quarter=("sort",),
     duckdb="select ts_ms//60000,category,count(*),quantile_disc(price,0.95)"
            " from %s group by all" % CSV,
     clickhouse="select intDiv(ts_ms,60000) w,category,count(),"
                "quantileExact(0.95)(price) from %s group by w,category"
                % CH_CSV,
     sort="mawk -F, 'NR>1{print int($1/60000)\",\"$4\",\"$5}' @F |"
          " LC_ALL=C sort -t, -k1,1 -k2,2 -k3,3n | mawk -F,"
          " 'function out(){i=int(n*.95);if(i<n*.95)i++;"
          "print k\",\"n\",\"v[i]}{x=$1\",\"$2;if(x!=k){if(n)out();k=x;n=0}"
          "v[++n]=$3}END{out()}'")
task("T3u", "events.csv", "minute x user: count sum max",
     "sbatch -c 'ts_ms:time(ms),user,price:float' -t ts_ms @F |"
     " swindow 1m --late 2s | sreduce -k user"
     " 'count(), sum(price), max(price)' | ssink -f csv",
     key=minutes,
     duckdb="select ts_ms//60000,\"user\",count(*),sum(price),max(price)"
            " from %s group by all" % CSV,
     clickhouse="select intDiv(ts_ms,60000) w,user,count(),sum(price),"
                "max(price) from %s group by w,user" % CH_CSV,
     mawk="mawk -F, 'NR>1{k=int($1/60000)\",\"$2;c[k]++;s[k]+=$5;"
          "if($5+0>m[k])m[k]=$5+0}END{for(k in c)printf"
          " \"%s,%d,%.15g,%.15g\\n\",k,c[k],s[k],m[k]}' @F")
task("T4", "events.csv", "sliding 5 min / 10 s x category: count",
     "sbatch -c 'ts_ms:time(ms),category' -t ts_ms @F |"
     " swindow 5m/10s --late 2s | sreduce -k category 'count()' |"
     " ssink -f csv",
     key=panes, part=("duckdb", "clickhouse"),
     duckdb="select p,category,(sum(n) over (partition by category order by p"
            " range between 29 preceding and current row))::bigint from"
            " (select ts_ms//10000 p,category,count(*) n from %s group by all)"
            % CSV,
     clickhouse="select p,category,sum(n) over (partition by category order by"
                " p range between 29 preceding and current row) from (select"
                " intDiv(ts_ms,10000) p,category,count() n from %s group by"
                " p,category)" % CH_CSV,
     mawk="mawk -F, 'NR>1{p=int($1/10000);c[p\",\"$4]++;k[$4];"
          "if(!lo||p<lo)lo=p;if(p>hi)hi=p}END{for(x in k){s=0;"
          "for(p=lo;p<hi+30;p++){s+=c[p\",\"x];s-=c[(p-30)\",\"x];"
          "if(s)print p\",\"x\",\"s}}}' @F")
task("T5", "stations.txt", "station: min avg max",
     "sbatch -f csv -N -d ';' -c station,t:float @F | sreduce -k station"
     " 'min(t), avg(t), max(t)' | ssink -f csv",
     quarter=("mlr",),
     duckdb="select s,min(t),avg(t),max(t) from read_csv('@F',header=false,"
            "delim=';',columns={'s':'VARCHAR','t':'DOUBLE'}) group by s",
     clickhouse="select s,min(t),avg(t),max(t) from file('@F',"
                "'CustomSeparated','s String,t Float64') group by s settings"
                " format_custom_field_delimiter=';',"
                "format_custom_escaping_rule='CSV'",
     mawk="mawk -F';' '{if(!c[$1]++)lo[$1]=hi[$1]=$2+0;s[$1]+=$2;"
          "if($2+0<lo[$1])lo[$1]=$2+0;if($2+0>hi[$1])hi[$1]=$2+0}"
          "END{for(k in c)printf \"%s,%.15g,%.15g,%.15g\\n\",k,lo[k],"
          "s[k]/c[k],hi[k]}' @F",
     mlr="mlr --icsv --ocsv --implicit-csv-header --headerless-csv-output"
         " --ifs ';' --from @F stats1 -a min,mean,max -f 2 -g 1")
task("T6", "events.csv", "join with users: count sum(price * qty)",
     "sbatch -c user,price:float,qty:int @F | sjoin -k user @D/users.csv |"
     " sreduce -k country,segment 'count(), sum(price * qty)' | ssink -f csv",
     quarter=("mlr",),
     duckdb="select country,segment,count(*),sum(price*qty) from %s e join"
            " read_csv('@D/users.csv',header=true) u on e.\"user\"=u.\"user\""
            " group by 1,2" % CSV,
     clickhouse="select country,segment,count(),sum(price*qty) from %s e join"
                " file('@D/users.csv','CSVWithNames','user String,country"
                " String,segment String') u using user group by"
                " country,segment" % CH_CSV,
     mawk="mawk -F, 'FNR==1{next}FNR==NR{u[$1]=$2\",\"$3;next}{k=u[$2];c[k]++;"
          "s[k]+=$5*$6}END{for(k in c)printf \"%s,%d,%.15g\\n\",k,c[k],s[k]}'"
          " @D/users.csv @F",
     mlr="mlr --icsv --ocsv --headerless-csv-output --from @F join -u -j user"
         " -f @D/users.csv then put '$r=$price*$qty' then stats1 -a count,sum"
         " -f r -g country,segment")
task("T7", "events.jsonl", "json filter, by country: count sum(price)",
     "sbatch -c event:str,ok:bool,country=geo.country:str,price:float @F |"
     " smap -w \"event = 'purchase' and ok\" | sreduce -k country"
     " 'count(), sum(price)' | ssink -f csv",
     quarter=("jq", "mlr"),
     duckdb="select geo.country,count(*),sum(price) from read_json('@F',"
            "format='newline_delimited',columns={'event':'VARCHAR','price':"
            "'DOUBLE','ok':'BOOLEAN','geo':'STRUCT(country VARCHAR)'}) where"
            " event='purchase' and ok group by 1",
     clickhouse="select geo.country c,count(),sum(price) from file('@F',"
                "'JSONEachRow','event String,price Float64,ok Bool,geo"
                " Tuple(country String)') where event='purchase' and ok"
                " group by c",
     jq="jq -r 'select(.event==\"purchase\" and .ok)|\"\\(.geo.country),"
        "\\(.price)\"' @F | mawk -F, '{c[$1]++;s[$1]+=$2}END{for(k in c)"
        "printf \"%s,%d,%.15g\\n\",k,c[k],s[k]}'",
     mlr="mlr --ijsonl --ocsv --headerless-csv-output --from @F filter"
         " '$event==\"purchase\" && $ok==true' then flatten then stats1"
         " -a count,sum -f price -g geo.country")
task("T8", "access.log", "log by minute x status class: count sum(bytes)",
     "sbatch -f combined -c time,status,bytes @F | swindow 1m --late 30s |"
     " sreduce -k 'status div 100 as class'"
     " 'count(), coalesce(sum(bytes), 0) as bytes' | ssink -f csv",
     key=clock,
     duckdb="select regexp_extract(l,':(\\d\\d:\\d\\d):\\d\\d ',1),"
            "regexp_extract(l,'\\\" (\\d)\\d\\d (?:\\d|-)',1),count(*),"
            "coalesce(sum(try_cast(regexp_extract(l,"
            "'\\\" \\d\\d\\d (\\S+)',1) as bigint)),0) from %s group by 1,2"
            % LINES,
     clickhouse="select extract(line,':(\\\\d\\\\d:\\\\d\\\\d):\\\\d\\\\d ') m,"
                "extract(line,'\\\" (\\\\d)\\\\d\\\\d ') c,count(),"
                "sum(toUInt64OrZero(extract(line,"
                "'\\\" \\\\d\\\\d\\\\d (\\\\S+)'))) from %s group by m,c"
                % CH_LINES,
     mawk="mawk '{match($0,/\" [1-5][0-9][0-9] /);split(substr($0,RSTART+2),"
          "a,\" \");k=substr($4,14,5)\",\"int(a[1]/100);n[k]++;b[k]+=a[2]}"
          "END{for(k in n)printf \"%s,%d,%.0f\\n\",k,n[k],b[k]}' @F")
