from pathlib import Path
exec(compile(Path("tests/training/test_fit_readers.py").read_text().split("@pytest.mark.parametrize(\"number\"")[0],"x","exec"))
import traceback
def test_many(make_job, splits):
    from collections import Counter
    c=Counter()
    for i in range(120):
        number=[signal.SIGSEGV,signal.SIGKILL][i%2]
        split = trapped(splits, in_worker(lambda: os.kill(os.getpid(), number)))
        job = make_job("training.batches.workers=2", train=split, name=f"r{i}")
        with open("/tmp/tr/many.log","a") as out:
            try:
                fit(job, Quiet()); c["none"]+=1
            except TrainingError as e:
                c[(e.code, "train06" in e.place, e.got.split(")")[-1])]+=1
            except BaseException as e:
                c[repr(e)[:200]]+=1
                traceback.print_exc(file=out)
            print(i,c,file=out)
